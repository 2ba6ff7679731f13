/** Whose task it is: the address it came from, as `limitKey` has it, and the person there. */
export interface Owner {
  address: string
  person: string
}

interface QueuedItem<T> {
  item: T
  owner: Owner
}

/**
 * A queue that is fair between addresses, and within an address between people: each has its turn before anybody has a second one
 * (round robin), however many tasks one of them brings.
 */
export class FairQueue<T> {
  /** In the order of their turns; of an address its people, of a person the tasks as they came. */
  readonly #addresses = new Map<string, Map<string, QueuedItem<T>[]>>()
  #size = 0

  get size(): number {
    return this.#size
  }

  /** How many tasks of one address, or of one person there, wait. */
  sizeOf(address: string, person?: string): number {
    const queues = this.#addresses.get(address)
    if (queues === undefined) return 0
    if (person !== undefined) return queues.get(person)?.length ?? 0
    return [...queues.values()].reduce((sum, entries) => sum + entries.length, 0)
  }

  /** How many tasks would have their turn before another one of this address. */
  aheadOf(address: string): number {
    const own = this.sizeOf(address)
    return [...this.#addresses.keys()].reduce((sum, other) => sum + Math.min(this.sizeOf(other), own + 1), 0)
  }

  push(owner: Owner, item: T): void {
    const queues = this.#addresses.get(owner.address) ?? new Map<string, QueuedItem<T>[]>()
    this.#addresses.set(owner.address, queues)
    const entries = queues.get(owner.person) ?? []
    queues.set(owner.person, entries)
    entries.push({ item, owner })
    this.#size += 1
  }

  /** The task whose turn it is. */
  shift(): T | undefined {
    const [address] = this.#addresses.keys()
    const queues = address === undefined ? undefined : this.#addresses.get(address)
    if (address === undefined || queues === undefined) return undefined
    const [person = ''] = queues.keys()
    const entries = queues.get(person) ?? []
    const next = entries.shift()
    // Both go to the end of their lines.
    queues.delete(person)
    if (entries.length > 0) queues.set(person, entries)
    this.#addresses.delete(address)
    if (queues.size > 0) this.#addresses.set(address, queues)
    if (next !== undefined) this.#size -= 1
    return next?.item
  }

  /** Takes out the newest task of whichever address has the most, of equal ones the last in line: who brings many makes room for who brings few. */
  dropFromLargest(): { item: T; owner: Owner } | undefined {
    const largest = [...this.#addresses.keys()].reduce<string | undefined>(
      (found, address) => (found === undefined || this.sizeOf(address) >= this.sizeOf(found) ? address : found),
      undefined,
    )
    const queues = largest === undefined ? undefined : this.#addresses.get(largest)
    const most = [...(queues?.values() ?? [])].reduce<QueuedItem<T>[] | undefined>(
      (found, entries) => (found === undefined || entries.length >= found.length ? entries : found),
      undefined,
    )
    const dropped = most?.at(-1)
    if (dropped === undefined) return undefined
    this.remove(dropped.owner, dropped.item)
    return dropped
  }

  /** Takes one task out; false if it is not there any more. */
  remove({ address, person }: Owner, item: T): boolean {
    const queues = this.#addresses.get(address)
    const entries = queues?.get(person)
    const at = entries?.findIndex((entry) => entry.item === item) ?? -1
    if (queues === undefined || entries === undefined || at < 0) return false
    entries.splice(at, 1)
    if (entries.length === 0) queues.delete(person)
    if (queues.size === 0) this.#addresses.delete(address)
    this.#size -= 1
    return true
  }

  /** Takes all out. */
  clear(): T[] {
    const all = [...this.#addresses.values()].flatMap((queues) => [...queues.values()].flat().map(({ item }) => item))
    this.#addresses.clear()
    this.#size = 0
    return all
  }
}
