/** Twice what a node takes of one sender (X3): a client that heeds the node's answers is never paused. */
const bytesPerSecond = 128 * 1024
const burstBytes = 1024 * 1024

/**
 * How fast a client is read: the function takes the bytes of a frame, and tells for how many ms nothing more is read. Bytes
 * above that wait in the kernel of the client.
 */
export function createReadingPace(now: () => number): (bytes: number) => number {
  let allowance = burstBytes
  let at = now()
  return (bytes) => {
    const time = now()
    allowance = Math.min(burstBytes, allowance + ((time - at) / 1000) * bytesPerSecond) - bytes
    at = time
    return allowance >= 0 ? 0 : Math.ceil((-allowance * 1000) / bytesPerSecond)
  }
}
