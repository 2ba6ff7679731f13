import { startMesh } from './mesh.ts'

// A process of its own: its CPU is that of the mesh alone, and it ends with its parent.
const mesh = await startMesh(Number(process.argv[2]))
process.on('message', () => process.send?.({ packets: mesh.packets(), bytes: mesh.bytes() }))
process.on('disconnect', () => process.kill(process.pid))
process.send?.('ready')
