import { describe, expect, it } from 'vitest'
import { decideAdmission, maySee, type AdmissionFacts } from './admission.ts'

const open: AdmissionFacts = {
  type: 'public',
  over: false,
  guestsAllowed: true,
  byCode: true,
  host: false,
  guest: false,
  belongs: false,
  waitingRoom: false,
  banned: false,
  mustWait: false,
  admitted: false,
  role: null,
  joinToken: null,
  passcode: 'none',
}

describe('decideAdmission', () => {
  const rows: [string, Partial<AdmissionFacts>, string][] = [
    ['a user enters as participant', {}, 'participant'],
    ['a guest enters as guest', { guest: true }, 'guest'],
    ['the host enters as host, without a passcode', { host: true, passcode: 'unchecked' }, 'host'],
    ['a guest where none are allowed', { guest: true, guestsAllowed: false }, 'guests-not-allowed'],
    ['anybody, once it is over', { over: true, host: true }, 'meeting-over'],
    ['a stranger, by the code of a private meeting', { type: 'private' }, 'participant'],
    ['a stranger, by the id of a private meeting', { type: 'private', byCode: false }, 'not-found'],
    ['one who was let in before, by its id', { type: 'private', byCode: false, belongs: true }, 'participant'],
    ['one who is not invited', { type: 'invited_only' }, 'not-found'],
    [
      'one who is not invited, to one that is over: it looks unknown',
      { type: 'invited_only', over: true },
      'not-found',
    ],
    ['one who is not invited, with a wrong passcode', { type: 'invited_only', passcode: 'unchecked' }, 'not-found'],
    ['the host of one for the invited', { type: 'invited_only', host: true }, 'host'],
    ['a passcode is checked last', { guest: true, passcode: 'unchecked' }, 'check-passcode'],
    [
      'no passcode is checked in vain',
      { guest: true, guestsAllowed: false, passcode: 'unchecked' },
      'guests-not-allowed',
    ],
    ['a missing passcode', { passcode: 'missing' }, 'passcode-required'],
    ['a wrong passcode', { passcode: 'wrong' }, 'passcode-required'],
    ['the right passcode', { passcode: 'right' }, 'participant'],
    ['the lobby of a waiting room', { waitingRoom: true }, 'wait as participant'],
    ['the lobby, once the passcode was right', { waitingRoom: true, guest: true, passcode: 'right' }, 'wait as guest'],
    ['nobody waits before the passcode', { waitingRoom: true, passcode: 'unchecked' }, 'check-passcode'],
    ['the host does not wait', { waitingRoom: true, host: true, mustWait: true }, 'host'],
    ['a cohost neither, nor gives a passcode', { waitingRoom: true, role: 'cohost', passcode: 'unchecked' }, 'cohost'],
    ['who was admitted goes straight in', { waitingRoom: true, admitted: true, passcode: 'unchecked' }, 'participant'],
    ['who was removed waits, waiting room or not', { mustWait: true }, 'wait as participant'],
    ['who was removed waits with a join token too', { mustWait: true, joinToken: 'guest' }, 'wait as guest'],
    ['one who is banned', { banned: true, joinToken: 'cohost', belongs: true }, 'removed-from-meeting'],
    ['one who is banned, of one for the invited', { banned: true, type: 'invited_only' }, 'removed-from-meeting'],
    [
      'a join token, past invitation, passcode and lobby',
      { joinToken: 'cohost', type: 'invited_only', byCode: false, waitingRoom: true, passcode: 'unchecked' },
      'cohost',
    ],
    ['a join token does not make less of a cohost', { role: 'cohost', joinToken: 'guest' }, 'cohost'],
    [
      'a join token, where no guests are allowed',
      { guest: true, guestsAllowed: false, joinToken: 'guest' },
      'guests-not-allowed',
    ],
    ['a join token of one that is over', { over: true, joinToken: 'guest' }, 'meeting-over'],
  ]
  it.each(rows)('M8 %s', (_name, facts, expected) => {
    const decided = decideAdmission({ ...open, ...facts })
    const text = { enter: 'role', wait: 'role', refuse: 'problem', 'check-passcode': 'kind' } as const
    const shown = (decided as unknown as Record<string, string>)[text[decided.kind]]
    expect(decided.kind === 'wait' ? `wait as ${shown}` : shown).toBe(expected)
  })
})

describe('maySee', () => {
  const rows: [Partial<AdmissionFacts>, boolean][] = [
    [{}, true],
    [{ guest: true }, true],
    [{ guest: true, guestsAllowed: false }, false],
    [{ type: 'private' }, false],
    [{ type: 'private', belongs: true }, true],
    [{ type: 'invited_only' }, false],
    [{ type: 'invited_only', host: true }, true],
  ]
  it.each(rows)('M4 S21 %j: %s', (facts, expected) => expect(maySee({ ...open, ...facts })).toBe(expected))
})
