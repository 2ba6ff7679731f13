import { mkdir, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { findBinary } from './binaries.ts'
import { startServer, type RunningServer } from './servers.ts'

/** The harmless file that every scanner knows (EICAR); in two pieces, so that none finds it here. */
export const eicar = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR', '-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'].join('')

const maxStreamBytes = 1024 * 1024

/** ClamAV's daemon, whose only signature is that of EICAR, and which reads at most 1 MiB. */
export const startClamd = (): Promise<RunningServer> =>
  startServer('clamd', {}, async (port, dir) => {
    const signatures = join(dir, 'signatures')
    await mkdir(signatures)
    await writeFile(join(signatures, 'eicar.ndb'), `Eicar-Test:0:*:${Buffer.from(eicar).toString('hex')}\n`)
    const file = join(dir, 'clamd.conf')
    await writeFile(file, configOf(port, dir, signatures))
    return {
      command: findBinary('clamd', 'clamav-daemon'),
      args: ['-c', file],
      ready: /Self checking every/,
      stopSignal: 'SIGTERM',
    }
  })

const configOf = (port: number, dir: string, signatures: string): string => `Foreground yes
DatabaseDirectory ${signatures}
TemporaryDirectory ${dir}
TCPAddr 127.0.0.1
TCPSocket ${port}
StreamMaxLength ${maxStreamBytes}
User ${userInfo().username}
`
