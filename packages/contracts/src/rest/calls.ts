import type { Static, TSchema } from 'typebox'
import type { operations } from './index.ts'

type Tables = typeof operations

/** The names of all REST operations, over all services. */
export type OperationName = { [S in keyof Tables]: keyof Tables[S] }[keyof Tables]

/** The row of the table that has this name. */
export type OperationNamed<N extends OperationName> = {
  [S in keyof Tables]: N extends keyof Tables[S] ? Tables[S][N] : never
}[keyof Tables]

/** The names of those that answer with a stream of events. */
export type StreamName = {
  [N in OperationName]: OperationNamed<N> extends { stream: object } ? N : never
}[OperationName]

/** The names of those that take or give bytes. */
export type BytesName = {
  [N in OperationName]: OperationNamed<N> extends { bytes: object } ? N : never
}[OperationName]

type Part<O, K extends string> = O extends Record<K, infer S extends TSchema> ? Named<K, Static<S>> : unknown
type Named<K extends string, T> = Record<never, never> extends T ? { [P in K]?: T } : { [P in K]: T }

type Keyed<O> = O extends { repeat: 'key' } ? { headers?: { 'idempotency-key'?: string } } : unknown

/** The input of an operation's call: `params`, `query`, `body`, `headers`, those that it declares; optional where all fields are. */
export type OperationInput<N extends OperationName> = Part<OperationNamed<N>, 'params'> &
  Part<OperationNamed<N>, 'query'> &
  Part<OperationNamed<N>, 'body'> &
  Part<OperationNamed<N>, 'headers'> &
  Keyed<OperationNamed<N>>

type Bodies<A> = { [Status in keyof A]: A[Status] extends TSchema ? Static<A[Status]> : null }[keyof A]

/** The body of a successful answer; null where there is none. */
export type OperationAnswer<N extends OperationName> =
  OperationNamed<N> extends { answers: infer A } ? Bodies<A> : never
