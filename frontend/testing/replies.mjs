/** How the mock portal answers: JSON, or an error in the portal's own form. */
export function json(response, status, body, headers = {}) {
  response.writeHead(status, { 'content-type': 'application/json', 'x-request-id': 'req_mock', ...headers });
  response.end(JSON.stringify(body));
}
export const refuse = (response, status, code, message) =>
  json(response, status, { error: { code, message, request_id: 'req_mock' } });
