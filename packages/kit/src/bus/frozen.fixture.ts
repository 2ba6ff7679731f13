import { silentLog } from '../testing/silent-log.ts'
import { connectNatsBus } from './bus-nats.ts'

/** A responder in a process of its own, for frozen.test.ts: does what it is asked, and tells what it has done. */
const [url = '', name = ''] = process.argv.slice(2)
const bus = await connectNatsBus({ url, name, log: silentLog() })
const done: string[] = []
await bus
  .respond('work', 'workers', async (text) => {
    done.push(text)
    return name
  })
  .ready()
await bus.respond(`done.${name}`, 'q', async () => JSON.stringify(done)).ready()
