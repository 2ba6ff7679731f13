import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findBinary } from './binaries.ts'
import { eventually } from './eventually.ts'
import { freePort } from './ports.ts'
import { startServer, type RunningServer } from './servers.ts'

/** An S3 store that checks signatures: OpenStack Swift with its s3api, four servers on 127.0.0.1. */
export interface RunningSwift {
  endpoint: string
  accessKeyId: string
  secretAccessKey: string
  /** The server that speaks S3; the others go on when it is killed or frozen. */
  proxy: RunningServer
  /** After it was killed: on the same port, with what was stored. */
  restartProxy(): Promise<void>
  stop(): Promise<void>
}

const run = promisify(execFile)
const rings = ['account', 'container', 'object'] as const
const secretAccessKey = 'testing-secret'

export async function startSwift(): Promise<RunningSwift> {
  const dir = await mkdtemp(join(tmpdir(), 'parley-swift-'))
  await mkdir(join(dir, 'disks', 'd1'), { recursive: true })
  const stores = await Promise.all(rings.map((name) => startStore(name, dir)))
  const proxy = await startProxy(dir)
  await answering([...stores, proxy])
  const swift: RunningSwift = {
    endpoint: `http://127.0.0.1:${proxy.port}`,
    accessKeyId: 'test:tester',
    secretAccessKey,
    proxy,
    async restartProxy() {
      const { port } = swift.proxy
      await swift.proxy.stop()
      swift.proxy = await startProxy(dir, port)
      await answering([swift.proxy])
    },
    async stop() {
      await Promise.all([swift.proxy, ...stores].map((server) => server.stop()))
      await rm(dir, { recursive: true, force: true })
    },
  }
  return swift
}

const startProxy = (dir: string, at?: number): Promise<RunningServer> =>
  startServer('swift', at === undefined ? {} : { port: at }, async (port) => {
    const file = join(dir, 'proxy-server.conf')
    await writeFile(file, proxyConfig(port, dir))
    return recipeOf('proxy', file)
  })

/** One of the servers behind the proxy, and the ring that says that everything is on it. */
async function startStore(name: (typeof rings)[number], dir: string): Promise<RunningServer> {
  const port = await freePort()
  const builder = findBinary('swift-ring-builder', 'swift')
  const ring = join(dir, `${name}.builder`)
  await run(builder, [ring, 'create', '4', '1', '1'])
  await run(builder, [ring, 'add', `r1z1-127.0.0.1:${port}/d1`, '1'])
  await run(builder, [ring, 'rebalance'])
  const file = join(dir, `${name}-server.conf`)
  await writeFile(file, storeConfig(name, port, dir))
  return startServer('swift', { port }, () => recipeOf(name, file))
}

const answering = (servers: readonly RunningServer[]): Promise<unknown> =>
  eventually(() => Promise.all(servers.map(({ port }) => fetch(`http://127.0.0.1:${port}/`))), 20_000)

const recipeOf = (name: string, file: string) => ({
  command: findBinary(`swift-${name}-server`, `swift-${name}`),
  args: [file],
  // They say nothing when they serve.
  ready: /^/,
  stopSignal: 'SIGTERM' as const,
})

const general = (port: number, dir: string): string => `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${port}
user = ${userInfo().username}
swift_dir = ${dir}
workers = 0
`

const storeConfig = (name: string, port: number, dir: string): string => `${general(port, dir)}
devices = ${join(dir, 'disks')}
mount_check = false
[pipeline:main]
pipeline = ${name}-server
[app:${name}-server]
use = egg:swift#${name}
`

/** A memcache must be named; nobody has to be there. */
const proxyConfig = (port: number, dir: string): string => `${general(port, dir)}
[pipeline:main]
pipeline = catch_errors cache s3api tempauth slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
allow_account_management = true
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = ${secretAccessKey} .admin
[filter:slo]
use = egg:swift#slo
`
