import { createBusLink, createStoreLink } from './links.ts'
import { startNodes } from './harness.ts'
import type { worlds } from './worlds.ts'

export type TestServers = Awaited<ReturnType<(typeof worlds)[keyof typeof worlds]>>

/** Two nodes in a world, each with its own breakable links to the bus and the store. */
export async function startLinkedNodes(
  world: TestServers,
  { silentOn = [] }: { silentOn?: readonly (readonly string[])[] } = {},
) {
  const stores = await Promise.all([world.connectStore(), world.connectStore()])
  const links = stores.map((kv, node) => ({
    bus: createBusLink(world.bus, { silentOn: silentOn[node] ?? [] }),
    store: createStoreLink(kv),
  }))
  const product = await startNodes(2, {
    ...world,
    busOf: (node) => links[node]?.bus.bus ?? world.bus,
    kvOf: (node) => links[node]?.store.kv ?? world.kv,
  })
  const linkOf = (node: number) => {
    const link = links[node]
    if (link === undefined) throw new Error(`there is no node ${node}`)
    return link
  }
  return {
    ...product,
    busOf: (node: number) => linkOf(node).bus,
    storeOf: (node: number) => linkOf(node).store,
    async stop(): Promise<void> {
      await product.stop()
      await world.bus.close(1_000)
      await Promise.all([...stores, world.kv].map((kv) => kv.close()))
      await world.stop()
    },
  }
}
