import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import { anEmail, password } from '../../support/people.ts'
import { startStack } from '../../support/product.ts'
import { attacks, type AttackPlan } from './attacks.ts'
import { schoolClass } from './class.ts'
import { measureCpu } from './cpu.ts'
import { useHonestly, type Experience, type Honest, type Person } from './honest.ts'
import { call } from './wire.ts'

const options = new Command('npm run fair --')
  .description('Attackers of an address each at their limits, beside honest people of other addresses.')
  .option('--seconds <n>', 'how long each part lasts', '60')
  .option('--attackers <n>', 'how many addresses attack', '10')
  .option('--each', 'one attack after the other, instead of everything at once', false)
  .option('--only <names>', 'these attacks, with commas between')
  .option('--skip-class', 'not the class of 200 behind one address', false)
  .option('--skip-attack', 'only the class', false)
  .option('--logs <folder>', 'keep the logs of the services there')
  .parse()
  .opts<{
    seconds: string
    attackers: string
    each: boolean
    only?: string
    skipClass: boolean
    skipAttack: boolean
    logs?: string
  }>()
const forMs = Number(options.seconds) * 1_000
/** The attack is under way for so long before anything is measured. */
const leadMs = 2_000
const say = (text: string): void => void process.stdout.write(`${text}\n`)

/** The bounds for honest people, ms. */
const goals = { signIns: 1_000, joins: 500, chats: 150 } as const
const kinds = ['signIns', 'joins', 'chats'] as const
const names = { signIns: 'sign-in', joins: 'join', chats: 'chat' } as const
const quantile = (took: readonly number[], share: number): number =>
  Math.round(
    [...took].sort((one, other) => one - other)[Math.min(took.length - 1, Math.floor(took.length * share))] ?? 0,
  )

const holds = (experience: Experience): boolean =>
  experience.failures.size === 0 && kinds.every((kind) => quantile(experience[kind], 0.99) <= goals[kind])
const faultsOf = ({ failures }: Experience): string =>
  failures.size === 0 ? 'nobody refused or cut off' : JSON.stringify([...failures])

function report(when: string, experience: Experience): void {
  for (const kind of kinds) {
    const took = experience[kind]
    const figures = `p50 ${quantile(took, 0.5)} ms, p99 ${quantile(took, 0.99)} ms (goal ${goals[kind]}), worst ${quantile(took, 1)} ms, ${took.length} times`
    say(`${when}: ${names[kind].padEnd(7)} ${figures}`)
  }
  say(`${when}: ${faultsOf(experience)}`)
}

/** A row for a table: what was attacked, the p99 of honest people, the answers that attackers got, and the CPU, percent of a core. */
function rowOf(name: string, experience: Experience, got = '', cpu: Readonly<Record<string, number>> = {}): string {
  const p99 = kinds.map((kind) => quantile(experience[kind], 0.99)).join(' | ')
  const busy = Object.entries(cpu).filter(([, share]) => share > 1)
  const spent = busy.map(([who, share]) => `${who} ${share}`).join(', ')
  return `| ${name} | ${attacks[name]?.rows.join(', ') ?? 'none'} | ${p99} | ${faultsOf(experience)} | ${got} | ${spent} |`
}

/** Honest people use the product while others attack it. */
async function underAttack(
  plan: AttackPlan,
  honest: Honest,
  cpuOf: Readonly<Record<string, readonly number[]>>,
): Promise<{ experience: Experience; got: string; cpu: Record<string, number> }> {
  const attackers = spawn(process.execPath, [join(import.meta.dirname, 'attackers.ts'), JSON.stringify(plan)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = new Promise((resolve) => attackers.once('close', resolve))
  let got = ''
  const ready = new Promise<void>((resolve, reject) => {
    createInterface(attackers.stdout).on('line', (line) => (line === 'ready' ? resolve() : (got = line)))
    attackers.once('close', () => reject(new Error('the attackers did not begin')))
  })
  // They have accounts, and wait.
  await ready
  let cpu = (): Record<string, number> => ({})
  const experience = await useHonestly(honest, forMs, async () => {
    attackers.stdin.write('go\n')
    await sleep(leadMs)
    cpu = measureCpu({ 'the attackers': [attackers.pid ?? 0], 'the honest': [process.pid], ...cpuOf })
  })
  const took = cpu()
  attackers.kill('SIGTERM')
  await ended
  return { experience, got, cpu: took }
}

async function honestPeople(gateways: readonly string[]): Promise<{ honest: Honest; plan: AttackPlan }> {
  const first = gateways[0] ?? ''
  const people: Person[] = []
  for (let n = 0; n < 20; n += 1) {
    const [email, from] = [anEmail(), `10.20.0.${n + 1}`]
    const body = { email, password, name: `Person ${n}`, tokenDelivery: 'body' }
    const made = await call(first, from, ['POST', '/v1/auth/register'], { body })
    people.push({ email, from, token: String(made.body['accessToken']) })
  }
  const [host] = people as [Person]
  const meeting = async (more: object): Promise<string> => {
    const body = { type: 'public', title: 'Fair', ...more }
    return String((await call(first, host.from, ['POST', '/v1/meetings'], { token: host.token, body })).body['code'])
  }
  const [talk, visit] = [await meeting({}), await meeting({})]
  const plan: AttackPlan = {
    gateways,
    attackers: Number(options.attackers),
    network: 0,
    open: talk,
    lobby: await meeting({ settings: { waitingRoom: true } }),
    locked: await meeting({ passcode: 'only we know' }),
    mailbox: people[1]?.email ?? '',
    ...(options.only !== undefined && { only: options.only.split(',') }),
  }
  return { honest: { gateways, people, talk, visit }, plan }
}

/** In files: this process measures, and has no time to read them. */
const logs = options.logs ?? (await mkdtemp(join(tmpdir(), 'parley-fair-')))
const stack = await startStack(
  ['--gateway', '2', '--signaling', '2', '--chat', '2', '--auth', '2', '--meetings', '2', '--logs', logs],
  { TRUST_PROXY: 'loopback' },
)
const pidsOf = (...some: readonly { pid: number }[]): number[] => some.map(({ pid }) => pid)
const { gateways: at, auth, meetings, signaling, chat, media, postgres, redis, nats } = stack.file
const cpuOf = {
  'what starts the stack': pidsOf(stack),
  gateway: pidsOf(...at),
  auth: pidsOf(...auth),
  meetings: pidsOf(...meetings),
  signaling: pidsOf(...signaling),
  chat: pidsOf(...chat),
  media: pidsOf(...media),
  postgres: pidsOf(postgres),
  redis: pidsOf(redis),
  nats: pidsOf(nats),
}

async function everythingAtOnce(plan: AttackPlan, honest: Honest): Promise<boolean> {
  report('before', await useHonestly(honest, Math.min(forMs, 15_000)))
  const { experience, got, cpu } = await underAttack(plan, honest, cpuOf)
  report('under attack', experience)
  say(`CPU, percent of a core: ${JSON.stringify(cpu)}`)
  say(`the attackers got ${got}`)
  return holds(experience)
}

async function oneByOne(plan: AttackPlan, honest: Honest): Promise<boolean> {
  say(rowOf('nobody', await useHonestly(honest, forMs)))
  let all = true
  for (const [network, name] of (plan.only ?? Object.keys(attacks)).entries()) {
    const { experience, got, cpu } = await underAttack({ ...plan, network, only: [name] }, honest, cpuOf)
    say(rowOf(name, experience, got, cpu))
    all &&= holds(experience)
  }
  return all
}

try {
  const { honest, plan } = await honestPeople(stack.gateways)
  const attack = options.each ? oneByOne : everythingAtOnce
  const fine = options.skipAttack || (await attack(plan, honest))
  const inTime = options.skipClass || (await schoolClass(stack.gateways, honest.people[0] as Person, say))
  if (!fine || !inTime) process.exitCode = 1
} finally {
  await stack.stop()
  if (options.logs === undefined) await rm(logs, { recursive: true, force: true })
}
