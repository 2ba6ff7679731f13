/**
 * Attackers of an address each, as fast as they are let; a process of its own, so that its work does not delay those who measure.
 * `node attackers.ts <json of AttackPlan>` goes on until SIGTERM, then prints what they got.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { account, attacks, random, together, type Attacker, type AttackPlan } from './attacks.ts'
import { call } from './wire.ts'

const plan = JSON.parse(process.argv[2] ?? '') as AttackPlan
const outcomes = new Map<string, number>()
const note = (what: string): void => void outcomes.set(what, (outcomes.get(what) ?? 0) + 1)
let over = false
process.once('SIGTERM', () => {
  over = true
  process.stdout.write(`${JSON.stringify(Object.fromEntries([...outcomes].sort()))}\n`, () => process.exit(0))
})

/** Again and again, whether or not the one before was answered. Every answer is counted. */
async function again(name: string, eve: Attacker): Promise<void> {
  const attack = attacks[name]
  while (attack !== undefined && !over) {
    void attack.act(eve).then(
      (outcome) => note(`${name} ${outcome}`),
      (error: unknown) => note(`${name} ${error instanceof Error ? error.message.slice(0, 24) : 'failed'}`),
    )
    await sleep(attack.everyMs)
  }
}

async function become(number: number): Promise<Attacker> {
  const from = `10.66.${plan.network}.${number + 1}`
  const gateway = plan.gateways[number % plan.gateways.length] ?? ''
  const post: Attacker['post'] = (path, body, token) =>
    call(gateway, from, ['POST', path], { body, ...(token !== undefined && { token }) })
  const guest = async (): Promise<string> => {
    const { body, status } = await post('/v1/auth/guest', { name: `Gast ${random()}`, tokenDelivery: 'body' })
    if (status !== 201) throw new Error(`guest ${status}`)
    return String(body['accessToken'])
  }
  const { body } = await post('/v1/auth/register', account())
  const token = String(body['accessToken'])
  const meeting = await post('/v1/meetings', { type: 'public', title: 'Eve' }, token)
  const known = { token, refreshToken: String(body['refreshToken']), meetingId: String(meeting.body['id']) }
  return { plan, gateway, from, ...known, post, guest, note, over: () => over }
}

const all = await Promise.all(Array.from({ length: plan.attackers }, (_, number) => become(number)))
process.stdout.write('ready\n')
// The process that started us is gone.
process.stdin.once('end', () => process.exit(1))
await new Promise((resolve) => process.stdin.once('data', resolve))
for (const eve of all) for (const name of plan.only ?? together) void again(name, eve)
