import { agree, startUpstream } from './upstream.ts'

const upstream = await startUpstream('node')
upstream.upgrade = (request, socket) => {
  agree(request, socket)
  socket.resume()
}
process.once('disconnect', () => process.exit())
process.send?.(upstream.url)
