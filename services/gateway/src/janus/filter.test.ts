import { describe, expect, it } from 'vitest'
import { evaluate, type Allowed } from './filter.ts'

const allowed: Allowed = { room: 'r1', feed: 'p1', sessions: new Set([7]), bitrate: 500_000 }
const verdictOf = (message: object | string) =>
  evaluate(typeof message === 'string' ? message : JSON.stringify(message), allowed)
const inRoom = (body: object) => verdictOf({ janus: 'message', session_id: 7, handle_id: 1, transaction: 't', body })
const publisher = { ptype: 'publisher', room: 'r1', id: 'p1', token: 'x' }

describe('what a client may say to Janus', () => {
  it.each([
    ['begins a session', { janus: 'create', transaction: 't', token: 'x' }],
    ['claims one', { janus: 'claim', session_id: 9, transaction: 't' }],
    ['attaches', { janus: 'attach', session_id: 7, plugin: 'janus.plugin.videoroom' }],
    ['trickles', { janus: 'trickle', session_id: 7, handle_id: 1, candidate: {} }],
    ['keeps alive', { janus: 'keepalive', session_id: 7 }],
  ])('V2 S37 it %s', (_what, message) => expect(verdictOf(message).kind).toBe('pass'))

  it.each([
    ['joins as itself', { request: 'join', ...publisher }],
    ['subscribes', { request: 'join', ptype: 'subscriber', room: 'r1', streams: [] }],
    ['publishes', { request: 'publish', descriptions: [] }],
  ])('V2 S37 it %s', (_what, body) => expect(inRoom(body).kind).toBe('pass'))

  it.each([
    ['less', 100_000, 100_000],
    ['more', 10_000_000, 500_000],
    ['whatever it likes', 0, 500_000],
    ['what is no number', '9e9', 500_000],
  ])('V1 SFU-19 it gets its share of the bandwidth when it asks for %s', (_what, bitrate, expected) => {
    const text = JSON.stringify({
      janus: 'message',
      session_id: 7,
      handle_id: 1,
      body: { request: 'configure', bitrate },
    })
    const verdict = evaluate(text, allowed)
    expect(JSON.parse((verdict.kind === 'pass' && verdict.instead) || text)).toMatchObject({
      body: { bitrate: expected },
    })
    const early = evaluate(text, { ...allowed, bitrate: null })
    expect(early.kind === 'pass' && JSON.parse(early.instead ?? '')).toMatchObject({ body: { request: 'configure' } })
    expect(early.kind === 'pass' && early.instead).not.toContain('bitrate')
  })

  it.each([
    ['no JSON', 'x', 454],
    ['a list', '[]', 454],
    ['a session id of its own', { janus: 'create', id: 1, transaction: 't' }, 403],
    ['a session of somebody else', { janus: 'keepalive', session_id: 8 }, 458],
    ['no session', { janus: 'keepalive' }, 458],
    ['a session that is no number', { janus: 'keepalive', session_id: '7' }, 458],
    ['another plugin', { janus: 'attach', session_id: 7, plugin: 'janus.plugin.streaming' }, 460],
    ['what Janus is', { janus: 'info', session_id: 7 }, 453],
    ['an admin request', { janus: 'list_sessions', session_id: 7, admin_secret: 'x' }, 453],
  ])('S37 it does not get through with %s', (_what, message, code) => {
    const verdict = verdictOf(message)
    expect(verdict.kind === 'refuse' && JSON.parse(verdict.answer)).toMatchObject({ janus: 'error', error: { code } })
  })

  it.each([
    ['another room', { request: 'join', ...publisher, room: 'r2' }],
    ['no room', { request: 'join', ptype: 'subscriber' }],
    ['a room that is a number', { request: 'join', ...publisher, room: 1 }],
    ['another feed', { request: 'join', ...publisher, id: 'p2' }],
    ['no feed', { request: 'joinandconfigure', ptype: 'publisher', room: 'r1' }],
    ['a kind of participant that is none', { request: 'join', ptype: 'x', room: 'r1', id: 'p2' }],
    ['the list of another room', { request: 'listparticipants', room: 'r2' }],
    ['all rooms', { request: 'list' }],
    ['a kick with a secret', { request: 'kick', room: 'r1', secret: 'x', id: 'p2' }],
    ['no request', {}],
  ])('S37 it does not get into the room with %s', (_what, body) => {
    const verdict = inRoom(body)
    expect(verdict.kind === 'refuse' && JSON.parse(verdict.answer)).toMatchObject({
      session_id: 7,
      transaction: 't',
      error: { code: 403 },
    })
  })
})
