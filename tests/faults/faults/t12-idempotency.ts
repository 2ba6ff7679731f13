import { randomUUID } from 'node:crypto'
import { Agent, request } from 'node:http'
import type { Evidence, Fault, Scene } from '../fault.ts'
import { none, single, type Figure } from '../figures.ts'
import type { Attendee } from '../workload/attendee.ts'
import { inParallel } from '../workload/crowd.ts'

const mostTries = 20
const inParallelSends = 16
/** Of a REST client, each below what one may send in a minute. */
const perSender = 500

/** Answers are cut after the server did its work; whoever sent does what clients do: sends the same again. */
export const idempotency: Fault = {
  id: 'T12',
  title: 'idempotency',
  promise: 'However often a send is repeated because its answer was lost, the message is stored once.',
  size: { rooms: 1, clients: 20, chat: 0, state: 0, signals: 0, seconds: 5 },
  async inject(scene) {
    const { cluster, crowd, size, note } = scene
    // A way of its own: the sockets of the others are not what is tested.
    const door = await cluster.edge.open()
    const total = Math.min(crowd.attendees.length * perSender, size.seconds * 2_000)
    door.set({ cutAnswers: 0.3 })
    const sends = Array.from({ length: total }, (_, index) => index)
    await inParallel(
      sends,
      async (index) => {
        const attendee = crowd.attendees[index % crowd.attendees.length]
        if (attendee !== undefined) await sendOnce(scene, { attendee, index, url: door.url })
      },
      inParallelSends,
    )
    await door.close()
    note('sends', total)
    const stored = await crowd.storedIn(crowd.meetings[0]?.id ?? '')
    note('rows', stored.filter(({ text }) => text.startsWith('send ')).length)
  },
  figures: figuresOf,
}

const agent = new Agent({ keepAlive: false })

interface OneSend {
  attendee: Attendee
  index: number
  url: string
}

async function sendOnce({ note }: Scene, { attendee, index, url: door }: OneSend): Promise<void> {
  const token = await attendee.parley.accessToken()
  const url = `${door}/v1/meetings/${attendee.meetingId}/messages`
  const clientMessageId = randomUUID()
  const post = (text: string) => statusOf(url, token, { clientMessageId, text })
  for (let attempt = 1; attempt <= mostTries; attempt += 1) {
    const status = await post(`send ${index}`)
    if (status >= 500) note('5xx', status)
    if (status === 0) note('cut', 1)
    if (status !== 200 && status !== 201) continue
    note('accepted', 1)
    // Every hundredth time somebody uses the id again for something else.
    if (index % 100 === 0) note('conflict', await conflictOf(post))
    return
  }
}

async function conflictOf(post: (text: string) => Promise<number>): Promise<number> {
  for (let attempt = 1; attempt <= mostTries; attempt += 1) {
    const status = await post('send something else')
    if (status !== 0) return status
  }
  return 0
}

/** 0 when no answer came. */
function statusOf(url: string, token: string, body: unknown): Promise<number> {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const asked = request(url, { method: 'POST', headers, agent, timeout: 10_000 }, (answer) => {
      answer.resume().once('close', () => resolve(answer.statusCode ?? 0))
    })
    asked.once('timeout', () => asked.destroy())
    asked.once('error', () => resolve(0))
    asked.end(JSON.stringify(body))
  })
}

function figuresOf({ noted }: Evidence): Figure[] {
  const [sends = 0] = noted('sends')
  return [
    single('answers cut', noted('cut').length, { least: sends / 10 }),
    single('sends accepted', noted('accepted').length, { least: sends, most: sends }),
    single('rows', noted('rows')[0] ?? 0, { least: sends, most: sends }),
    none('answers 5xx', noted('5xx').length),
    none(
      'the same id with another text, not refused as a conflict',
      noted('conflict').filter((one) => one !== 409).length,
    ),
  ]
}
