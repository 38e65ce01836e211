/** Code to copy: works as it stands against the portal whose page shows it. */
export type SnippetLanguage = 'curl' | 'openai' | 'python' | 'javascript';

export const snippetLanguages: { value: SnippetLanguage; label: string }[] = [
  { value: 'curl', label: 'curl' },
  { value: 'openai', label: 'OpenAI SDK' },
  { value: 'python', label: 'Python' },
  { value: 'javascript', label: 'JavaScript' },
];

const curl = (baseUrl: string, key: string) => `curl ${baseUrl}/api/llm/chat \\
  -H "Authorization: Bearer ${key}" \\
  -H "Content-Type: application/json" \\
  -d '{"messages": [{"role": "user", "content": "Hello!"}]}'`;

const openai = (baseUrl: string, key: string) => `from openai import OpenAI

client = OpenAI(base_url="${baseUrl}/v1", api_key="${key}")
answer = client.chat.completions.create(
    model="auto",
    messages=[{"role": "user", "content": "Hello!"}],
)
print(answer.choices[0].message.content)`;

const python = (baseUrl: string, key: string) => `import json
import urllib.request

request = urllib.request.Request(
    "${baseUrl}/api/llm/chat",
    data=json.dumps({"messages": [{"role": "user", "content": "Hello!"}]}).encode(),
    headers={
        "Authorization": "Bearer ${key}",
        "Content-Type": "application/json",
    },
)
with urllib.request.urlopen(request) as response:
    print(json.load(response)["response"])`;

const javascript = (
  baseUrl: string,
  key: string,
) => `const response = await fetch("${baseUrl}/api/llm/chat", {
  method: "POST",
  headers: {
    "Authorization": "Bearer ${key}",
    "Content-Type": "application/json",
  },
  body: JSON.stringify({
    messages: [{ role: "user", content: "Hello!" }],
  }),
});
console.log((await response.json()).response);`;

const writers = { curl, openai, python, javascript };

export function snippet(language: SnippetLanguage, baseUrl: string, key: string): string {
  return writers[language](baseUrl, key);
}
