import { createParley } from '@parley/client'

const url = process.argv[2] ?? 'http://localhost:8080'

// A host with an account and a meeting. In a browser leave tokenDelivery out: the refresh token is then in a cookie.
const ada = createParley({ url, tokenDelivery: 'body' })
await ada.signUp({ email: `ada-${Date.now()}@example.org`, password: 'correct horse', name: 'Ada' })
const { code } = await ada.rest.createMeeting({ body: { title: 'Hello', type: 'public' } })
const hers = await ada.join({ code, device: { mic: false, cam: false } })
hers.state.subscribe(() => {
  const { self, peers } = hers.state.get()
  console.log('In the room:', [self, ...peers].map(({ name }) => name).join(', '))
})

// A guest, who needs the code and nothing else.
const gus = createParley({ url, tokenDelivery: 'body' })
await gus.signInAsGuest({ name: 'Gus' })
const his = await gus.join({ code, device: { mic: false, cam: false } })
const read = new Promise<void>((resolve) => {
  his.state.subscribe(() => {
    const said = his.state.get().messages.find(({ text }) => text === 'Hello, Gus')
    if (said === undefined) return
    console.log(`Gus reads: ${said.sender.name}: ${said.text}`)
    resolve()
  })
})

await hers.sendMessage('Hello, Gus')
await read
await his.leave()
await hers.leave()
