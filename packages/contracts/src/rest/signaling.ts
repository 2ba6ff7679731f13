import Type from 'typebox'
import { IceServer } from '../ws/ice.ts'
import type { Operations } from './operation.ts'

export const signalingOperations = {
  iceServers: {
    method: 'GET',
    path: '/v1/ice-servers',
    auth: 'any',
    rows: ['R11'],
    summary: 'STUN servers, and TURN with credentials for who is in a room, as room.joined gives them too',
    answers: { 200: Type.Object({ iceServers: Type.Array(IceServer) }) },
    problems: [],
  },
} as const satisfies Operations
