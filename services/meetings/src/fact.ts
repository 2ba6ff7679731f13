import type { Fact } from '@parley/contracts'

/** Somebody came into a room or went. */
export type Move = Exclude<Fact, { kind: 'restored' }>
/** A room was put back after a loss: all who are in it. */
export type Restoration = Extract<Fact, { kind: 'restored' }>

export const isMove = (fact: Fact): fact is Move => fact.kind !== 'restored'
export const isRestoration = (fact: Fact): fact is Restoration => fact.kind === 'restored'
export const isJoining = (fact: Fact): fact is Move => fact.kind === 'joined'

/** Facts may overtake each other by this much, and what a meeting has heard of may be this old: retries, clocks of nodes. */
const disorderMs = 30_000
export const beforeDisorder = (at: Date): Date => new Date(at.getTime() - disorderMs)
