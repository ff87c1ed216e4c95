/**
 * Server-Sent Events from an answer of fetch: an EventSource has no place for a key but the URL.
 * @param {Response} response
 * @param {(data: any) => void} onEvent called with the JSON of each event
 * @returns {Promise<void>} resolves when the stream has ended, rejects when it is cut
 */
export async function readEvents(response, onEvent) {
  if (response.body === null) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      if (block.startsWith('data: ')) onEvent(JSON.parse(block.slice(6)));
    }
  }
}
