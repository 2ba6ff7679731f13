import type { RoomEvent } from '@parley/contracts'
import type { DocHead } from '@parley/kit'
import { headOf, type RoomState } from './state.ts'

export type HeadNews = Extract<RoomEvent, { kind: 'commit' | 'head' }>
export type CommitNews = Extract<RoomEvent, { kind: 'commit' }>

/**
 * The meaning of another node's news to a node at `state`: `known` already, the `next` commit, the same contents `restored` under a new
 * epoch, or `unknown`: something was missed, or the histories differ, and only the document tells.
 */
export function relationOf(news: HeadNews, state: RoomState): 'known' | 'next' | 'restored' | 'unknown' {
  const head = headOf(state)
  if (news.kind === 'head') {
    if (isSame(news.restored?.from, head)) return 'restored'
    return isKnown(news.head, state) ? 'known' : 'unknown'
  }
  const { follows, commitId, changes } = news
  if (isSame(follows, head)) return 'next'
  return isKnown({ epoch: follows.epoch, version: follows.version + changes.length, commitId }, state)
    ? 'known'
    : 'unknown'
}

export const isSame = (one: DocHead | undefined, other: DocHead | null): boolean =>
  one !== undefined &&
  other !== null &&
  one.epoch === other.epoch &&
  one.version === other.version &&
  one.commitId === other.commitId

/** Whether a commit is this state's own, or one of its ancestors; what is older than what is remembered counts as one. */
function isKnown({ epoch, version, commitId }: DocHead, { epoch: own, commits }: RoomState): boolean {
  if (epoch !== own) return false
  const oldest = commits.at(-1)?.version ?? 0
  return version < oldest || commits.some((commit) => commit.commitId === commitId)
}
