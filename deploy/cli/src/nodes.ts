import { setTimeout as sleep } from 'node:timers/promises'
import { StartupError, type Environment, type NodeCard } from '@parley/kit'
import { Command, InvalidArgumentError } from 'commander'
import { askAdmin, type AdminOptions } from './admin-api.ts'
import { print, table } from './print.ts'

interface DrainOptions extends AdminOptions {
  wait: number
}

const pollMs = 500
const help = `
It asks a gateway from inside, with the ADMIN_TOKEN of this environment. NODE is kind/id as "parley nodes" shows it,
or the id alone, or as much of it as only one node has.

Examples:
  docker compose exec gateway node deploy/docker/entrypoint.mjs parley nodes
  parley nodes --url http://10.0.3.7:8080
  parley drain signaling/parley-signaling-5d9c-a1b2c3    before its machine is taken down
  parley drain janus/janus-2 && parley undrain janus/janus-2`

const withCommon = (command: Command): Command =>
  command
    .option('--url <url>', 'a gateway as it is reached from inside; default http://localhost:PORT')
    .option('--json', 'for scripts')
    .addHelpText('after', help)

/** `parley nodes`: each process and Janus, and the work it has. */
export const nodesCommand = (env: Environment): Command =>
  withCommon(new Command('nodes').description('the processes and Janus servers, their sessions and rooms')).action(
    async (options: AdminOptions) => show(options.json, await listed(env, options)),
  )

/** `parley drain`: out of service, without anybody noticing. */
export const drainCommand = (env: Environment): Command =>
  withCommon(
    new Command('drain')
      .description('take a node out of service: it is not ready, takes nothing new, and its sessions go elsewhere')
      .argument('<node>', 'which one')
      .option('--wait <seconds>', 'for its sessions to be gone; 0: do not wait', seconds, 60),
  ).action(async (which: string, options: DrainOptions) => {
    const node = await order(env, options, which, 'drain')
    const isDone = ({ draining, load }: NodeCard): boolean => draining && busyWith(load) === 0
    const after = await untilNode(env, options, node, isDone)
    show(options.json, [after])
    if (options.wait > 0 && !isDone(after)) {
      const { load } = after
      throw new StartupError(
        `it still has ${busyWith(load)} after ${options.wait} s; "parley nodes" shows how it goes on`,
      )
    }
  })

/** `parley undrain`: back into service. */
export const undrainCommand = (env: Environment): Command =>
  withCommon(
    new Command('undrain')
      .description('put a node back into service: it is ready, and new rooms and sessions land there again')
      .argument('<node>', 'which one')
      .option('--wait <seconds>', 'until it serves; 0: do not wait', seconds, 30),
  ).action(async (which: string, options: DrainOptions) => {
    const node = await order(env, options, which, 'undrain')
    const after = await untilNode(env, options, node, ({ draining }) => !draining)
    show(options.json, [after])
    if (options.wait > 0 && after.draining) throw new StartupError(`it does not serve after ${options.wait} s`)
  })

function seconds(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0 || value > 3_600)
    throw new InvalidArgumentError('a number of seconds from 0 to 3600')
  return value
}

const listed = async (env: Environment, options: AdminOptions): Promise<NodeCard[]> =>
  (await askAdmin<{ nodes: NodeCard[] }>(env, options, { path: '/nodes' })).nodes

async function order(
  env: Environment,
  options: AdminOptions,
  which: string,
  what: 'drain' | 'undrain',
): Promise<NodeCard> {
  const { kind, id } = pick(await listed(env, options), which)
  const path = `/nodes/${encodeURIComponent(kind)}/${encodeURIComponent(id)}/${what}`
  return askAdmin<NodeCard>(env, options, { method: 'POST', path })
}

/** @throws StartupError unless exactly one is meant */
function pick(all: readonly NodeCard[], which: string): NodeCard {
  const exact = all.filter(({ kind, id }) => which === `${kind}/${id}` || which === id)
  const found =
    exact.length > 0
      ? exact
      : all.filter(({ kind, id }) => id.includes(which) || nameOf({ kind, id }).startsWith(which))
  const [one, ...more] = found
  if (one === undefined) throw new StartupError(`there is no node ${which}; "parley nodes" shows those there are`)
  if (more.length > 0) throw new StartupError(`${which} may be ${found.map(nameOf).join(' or ')}; name one of them`)
  return one
}

/** The node once `isDone`, or when the wait is over. */
async function untilNode(
  env: Environment,
  options: DrainOptions,
  node: NodeCard,
  isDone: (now: NodeCard) => boolean,
): Promise<NodeCard> {
  const until = performance.now() + options.wait * 1_000
  let now = node
  while (!isDone(now) && performance.now() < until) {
    await sleep(pollMs)
    now = (await listed(env, options)).find(({ kind, id }) => kind === node.kind && id === node.id) ?? now
  }
  return now
}

const nameOf = ({ kind, id }: Pick<NodeCard, 'kind' | 'id'>): string => `${kind}/${id}`
/** A drained node should have none of these: a Janus rooms, another node sessions. */
const busyWith = ({ sessions = 0, streams = 0, rooms = 0, healthy }: NodeCard['load']): number =>
  healthy === undefined ? sessions + streams : rooms

function show(json: boolean | undefined, nodes: readonly NodeCard[]): void {
  const rows = nodes.map((node) => [
    nameOf(node),
    node.draining ? (busyWith(node.load) === 0 ? 'drained' : 'draining') : 'serving',
    Object.entries(node.load)
      .map(([name, count]) => `${name} ${count}`)
      .join(', '),
    node.url,
  ])
  print(json, nodes, table([['NODE', 'STATE', 'HAS', 'URL'], ...rows]))
}
