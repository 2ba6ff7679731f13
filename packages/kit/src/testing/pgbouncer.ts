import { chown, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findBinary } from './binaries.ts'
import type { Certificates } from './certificates.ts'
import { postgresUser } from './postgres.ts'
import { startServer, type RunningServer } from './servers.ts'

interface Options {
  /** The PostgreSQL behind it. */
  port: number
  user: string
  password: string
  /** Its certificate. Clients have to use TLS. */
  tls: Certificates
}

/** PgBouncer in transaction mode, set up as docs/operation/postgresql.md says, over TLS and with a password. */
export const startPgbouncer = ({ port: behind, user, password, tls }: Options): Promise<RunningServer> =>
  startServer('pgbouncer', {}, async (port, dir) => {
    const owner = postgresUser()
    const [settings, users] = [join(dir, 'pgbouncer.ini'), join(dir, 'users.txt')]
    const lines = [
      '[databases]',
      `* = host=127.0.0.1 port=${behind}`,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${port}`,
      'unix_socket_dir =',
      'auth_type = scram-sha-256',
      `auth_file = ${users}`,
      'pool_mode = transaction',
      'default_pool_size = 20',
      'ignore_startup_parameters = statement_timeout,lock_timeout,idle_in_transaction_session_timeout',
      'client_tls_sslmode = require',
      `client_tls_cert_file = ${tls.cert}`,
      `client_tls_key_file = ${tls.key}`,
    ]
    await writeFile(settings, `${lines.join('\n')}\n`)
    await writeFile(users, `"${user}" "${password}"\n`)
    if (owner) for (const path of [dir, settings, users]) await chown(path, owner.uid, owner.gid)
    return {
      command: findBinary('pgbouncer', 'pgbouncer'),
      args: [settings],
      ready: /process up/,
      stopSignal: 'SIGQUIT',
      ...(owner && { user: owner }),
    }
  })
