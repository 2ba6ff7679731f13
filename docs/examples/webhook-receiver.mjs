// Takes webhooks: PORT=9000 SIGNING_SECRET=whsec_… node webhook-receiver.mjs
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'

const { PORT = '9000', SIGNING_SECRET = '' } = process.env
const key = Buffer.from(SIGNING_SECRET.replace('whsec_', ''), 'base64')
const seen = new Set() // in a database, so that it outlives a restart

async function receive(request, response) {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  const body = Buffer.concat(chunks)
  const [id, timestamp, signatures] = ['id', 'timestamp', 'signature'].map((name) =>
    String(request.headers[`webhook-${name}`]),
  )
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest()
  const isOurs = (text) => {
    const given = Buffer.from(text.replace('v1,', ''), 'base64')
    return given.length === expected.length && timingSafeEqual(given, expected)
  }
  const isFresh = Math.abs(Date.now() / 1000 - Number(timestamp)) < 300
  if (!isFresh || !signatures.split(' ').some(isOurs)) {
    response.writeHead(401).end()
    return
  }
  if (!seen.has(id)) console.log(body.toString()) // an event may come twice, with the same id
  seen.add(id)
  response.writeHead(204).end()
}

createServer((request, response) => void receive(request, response)).listen(Number(PORT), '127.0.0.1')
