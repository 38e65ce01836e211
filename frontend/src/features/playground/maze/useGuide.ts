/** The guide: publishes the game's state, and takes the newest hint that comes. An older one never follows a newer one. */
import { useCallback, useEffect, useRef, useState } from 'react';
import type { MqttLink } from '../model/mqttLink';
import type { Game } from './game';
import { applyHint, type Deed, type Hint, readHint, stateOf } from './hints';
import { withPlace } from './words';

export interface Said {
  number: number;
  text: string;
  deeds: Deed[];
  isError: boolean;
  tookMs: number;
}

const giveUpMs = 45_000;
const keptWords = 20;
const errorMark = 'Error: ';

interface GuideParts {
  link: MqttLink;
  game: Game;
  sessionId: string;
  onHint: (hint: Hint) => void;
  onAsked: () => void;
}

export function useGuide({ link, game, sessionId, onHint, onAsked }: GuideParts) {
  const [said, setSaid] = useState<Said[]>([]);
  const [askedAt, setAskedAt] = useState<number | null>(null);
  const current = useRef({ game, onHint });
  current.current = { game, onHint };
  const asked = useRef({ number: 0, heard: 0, times: new Map<number, number>() });

  const stopWaiting = useCallback(() => {
    asked.current.times.clear();
    setAskedAt(null);
  }, []);

  useEffect(
    () =>
      link.read(({ topic, text }) => {
        const prefix = `${link.getState().account?.topics.response}${sessionId}/`;
        const { heard, times } = asked.current;
        if (!topic.startsWith(prefix)) return;
        const number = Number(topic.slice(prefix.length));
        if (!(number > heard)) return;
        asked.current.heard = number;
        const tookMs = performance.now() - (times.get(number) ?? performance.now());
        for (const one of times.keys()) if (one <= number) times.delete(one);
        if (times.size === 0) setAskedAt(null);
        const isError = text.startsWith(errorMark);
        const hint = isError ? {} : readHint(text);
        const { deeds } = applyHint(current.current.game, hint);
        const line = {
          number,
          deeds,
          isError,
          tookMs,
          text: isError ? text.slice(errorMark.length) : hint.hint,
        };
        setSaid((all) => [...all, { ...line, text: line.text ?? '' }].slice(-keptWords));
        if (!isError) current.current.onHint(hint);
      }),
    [link, sessionId],
  );

  /** Send to one of the maze's topics; the answer comes to a topic with this request's number. */
  const send = useCallback(
    (topic: 'state' | 'user_input', body: object) => {
      const { account } = link.getState();
      const maze = account?.topics.projects.maze;
      if (!account || !maze) return;
      const number = asked.current.number + 1;
      const own = {
        sessionId,
        token: account.password,
        replyTopic: `${account.topics.response}${sessionId}/${number}`,
      };
      if (!link.publish(maze[topic], { ...body, ...own })) return;
      const now = performance.now();
      asked.current.number = number;
      asked.current.times.set(number, now);
      setAskedAt(now);
      onAsked();
    },
    [link, sessionId, onAsked],
  );
  const ask = useCallback(() => send('state', stateOf(current.current.game)), [send]);
  const say = useCallback(
    (message: string) => send('user_input', { message: withPlace(message, current.current.game) }),
    [send],
  );

  // A newer state takes the place of one that waits: nobody waits for ever.
  useEffect(() => {
    if (askedAt === null) return;
    const timer = setTimeout(stopWaiting, giveUpMs);
    return () => clearTimeout(timer);
  }, [askedAt, stopWaiting]);
  // What was under way when the line broke may have been answered to nobody, and what another game asked is not this one's.
  useEffect(
    () => link.watch(() => link.getState().status !== 'connected' && stopWaiting()),
    [link, stopWaiting],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: the end of a session is what ends the waiting
  useEffect(() => stopWaiting, [sessionId, stopWaiting]);

  return { said, ask, say, isAsking: askedAt !== null };
}
