import { eventually } from './eventually.js';
import { sendRequest, type Answer } from './send-request.js';

/** What `GET /status` says, once it says all: of a database that is slow at the moment it tells null. */
export async function knownStatus(
  serverUrl: string,
  headers: Record<string, string> = {},
): Promise<Answer['json']> {
  let status: Answer['json'];
  await eventually(async () => {
    ({ json: status } = await sendRequest(serverUrl, '/status', { headers }));
    return status.checkpoint !== null && status.deadLetters !== null;
  });
  return status;
}
