/**
 * Asks the portal over MQTT from Node and prints the answer as it comes; Ctrl-C stops the model too.
 *
 *   npm install mqtt
 *   CLIENT=maze-robot-k3f9x2 SECRET=pp_… node mqtt_ask.mjs "Which way is out?"
 *
 * CLIENT and SECRET come from `POST /api/devices`. URL is the broker's, mqtt://127.0.0.1:1883, or the portal's own: wss://portal.example.org/mqtt
 */
import { randomUUID } from 'node:crypto';
import process from 'node:process';
import mqtt from 'mqtt';

const { CLIENT, SECRET, URL = 'mqtt://127.0.0.1:1883' } = process.env;
const question = process.argv.slice(2).join(' ') || 'Hello!';
const id = randomUUID();
const offline = JSON.stringify({ state: 'offline', cancel: true });

const client = await mqtt.connectAsync(URL, {
  protocolVersion: 5,
  username: CLIENT,
  password: SECRET,
  // Whoever falls silent wants no answer any more.
  will: { topic: `pp/v1/${CLIENT}/status`, payload: Buffer.from(offline), qos: 1 },
});
const done = new Promise((resolve) => {
  let seen = 0;
  client.on('message', (_topic, payload) => {
    const frame = JSON.parse(payload.toString());
    if (frame.seq <= seen) return; // it came twice
    seen = frame.seq;
    if (frame.type === 'delta') process.stdout.write(frame.text ?? '');
    else if (frame.type === 'final') {
      const tokens = frame.usage?.completion_tokens ?? '?'; // nobody counted what was stopped
      resolve(`\n(${frame.finish_reason}, ${tokens} tokens, ${frame.model ?? '?'})`);
    }
    else if (frame.type === 'error') resolve(`\n${frame.error.message}`);
  });
});
process.once('SIGINT', () => void client.publish(`pp/v1/${CLIENT}/cancel/${id}`, '{}', { qos: 1 }));

await client.subscribeAsync(`pp/v1/${CLIENT}/res/${id}`, { qos: 1 });
const ask = { id, session_id: 'node', message: question, stream: true };
await client.publishAsync(`pp/v1/${CLIENT}/req`, JSON.stringify(ask), { qos: 1 });
console.log(await done);
await client.endAsync();
