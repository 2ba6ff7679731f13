import { connect } from 'node:net'

const patienceMs = 5_000
const quietMs = 150

/** Sends bytes as they are; gives all that comes back until the other side closes, or is quiet after it has said something. */
export function exchangeBytes(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  return new Promise((resolve) => {
    let got = ''
    const done = () => {
      socket.destroy()
      resolve(got)
    }
    socket.setTimeout(patienceMs, done)
    socket.on('data', (chunk: Buffer) => {
      got += chunk.toString('latin1')
      socket.setTimeout(quietMs)
    })
    // A reset is an answer too: what came before it counts.
    socket.once('error', done).once('close', done)
    socket.write(bytes, 'latin1')
  })
}
