import { request, type IncomingMessage } from 'node:http'
import { eventually } from '@parley/kit/testing'

export interface ReceivedEvent {
  id: string
  type: string
  data: Record<string, unknown>
}

/** A reader of one event stream, after section 9.2 of the HTML standard; keeps everything that arrives. */
export class EventClient {
  readonly events: ReceivedEvent[] = []
  readonly comments: string[] = []
  lastEventId = ''
  retry = 0
  ended = false
  status = 0
  contentType = ''
  body = ''
  #response: IncomingMessage | null = null
  #rest = ''

  async open(url: string, token: string, lastEventId?: string): Promise<this> {
    const headers = {
      authorization: `Bearer ${token}`,
      ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
    }
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request(url, { headers }, resolve).on('error', reject).end()
    })
    this.#response = response
    this.status = response.statusCode ?? 0
    this.contentType = response.headers['content-type'] ?? ''
    this.lastEventId = lastEventId ?? ''
    response.setEncoding('utf8')
    response.on('data', (text: string) => this.#take(text))
    response.on('close', () => (this.ended = true))
    response.on('error', () => (this.ended = true))
    return this
  }

  of(type: string): ReceivedEvent[] {
    return this.events.filter((event) => event.type === type)
  }

  async waitFor(
    type: string,
    matches: (data: Record<string, unknown>) => boolean = () => true,
  ): Promise<ReceivedEvent> {
    let found: ReceivedEvent | undefined
    await eventually(() => {
      found = this.of(type).find(({ data }) => matches(data))
      if (!found) throw new Error(`no ${type} among: ${this.events.map((event) => event.type).join(' ')}`)
    }, 8_000)
    return found as ReceivedEvent
  }

  async waitForEnd(withinMs = 8_000): Promise<void> {
    await eventually(() => {
      if (!this.ended) throw new Error('still open')
    }, withinMs)
  }

  /** Takes nothing more of what comes. */
  pause(): void {
    this.#response?.pause()
    this.#response?.socket.pause()
  }

  cut(): void {
    this.#response?.destroy()
  }

  #take(text: string): void {
    this.body += text
    this.#rest += text
    const blocks = this.#rest.split('\n\n')
    this.#rest = blocks.pop() ?? ''
    for (const block of blocks) this.#read(block)
  }

  #read(block: string): void {
    const event = { type: 'message', data: '' }
    for (const line of block.split('\n')) {
      const [, field = '', value = ''] = /^([^:]*): ?(.*)$/.exec(line) ?? []
      if (field === '') this.comments.push(value)
      else if (field === 'event') event.type = value
      else if (field === 'data') event.data += value
      else if (field === 'id') this.lastEventId = value
      else if (field === 'retry') this.retry = Number(value)
      else throw new Error(`an unknown field: ${line}`)
    }
    if (event.data !== '')
      this.events.push({
        id: this.lastEventId,
        type: event.type,
        data: JSON.parse(event.data) as ReceivedEvent['data'],
      })
  }
}
