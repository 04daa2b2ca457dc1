// Brings one member's records in the group to its published snapshot, or leaves them as they are and says why.

import { heldRemovals } from '../sync/guard.ts'
import type { MemberFacts } from './member-api.ts'
import { countsIn, mergeCollection, type Part, takeBack } from './merge-collection.ts'
import type { MemberProgress } from './merge-state.ts'
import { commit, knownOf, type MergeWork, nextStep } from './merge-work.ts'
import { hung } from './org.ts'
import { clash } from './prefixes.ts'
import { MemberError, problemOf } from './problems.ts'
import { predecessorOf } from './successor.ts'

/** Before a member that could not be read is asked again. */
const RETRY_MS = [1_000, 5_000] as const
/** How often a member is begun anew because it went on while it was being read. */
const RESTARTS = 2

/** Ends with the member `merged`, `kept` or `left-out`. Refuses with `sync-stopped`; what is ours to mend is thrown. */
export async function mergeMember(work: MergeWork, member: MemberProgress): Promise<void> {
  // Some of what an earlier step was taking back is gone: what is left would pass for all that there was.
  if (member.stage === 'undoing') await beginAnew(work, member)
  for (let failures = 0; ; ) {
    try {
      return await readMember(work, member)
    } catch (error) {
      if (!(error instanceof MemberError)) throw error
      const waitMs = error.code === 'member-unreachable' ? RETRY_MS[failures] : undefined
      if (waitMs !== undefined) {
        failures += 1
        await rest(work, waitMs)
      } else if (error.code === 'member-changing' && member.restarts < RESTARTS) {
        await beginAnew(work, member)
        member.restarts += 1
      } else return keepAsItIs(work, member, error)
    }
  }
}

async function readMember(work: MergeWork, member: MemberProgress): Promise<void> {
  if (member.stage === 'waiting') {
    const released = work.released[member.id]
    const { snapshot, ...facts } = await work.reader.facts(member.id, released ?? knownOf(work, member))
    noteTold(work, member, { ...facts, snapshot })
    // It is asked about the snapshot that was let go, of which nothing was merged.
    const isKnown = snapshot?.knowsSince === true && released === undefined
    member.isLetGo = released === undefined ? snapshot?.isReleased === true : snapshot?.knowsSince === true
    const known = knownOf(work, member)
    const found = checkFacts(work, member, { ...facts, snapshot })
    const isSame = found.generation === known?.generation && found.publishedAt === known.publishedAt
    const isRead = work.merging.lacksColumns || known?.mustRewrite === true || known?.mustReadWhole === true
    const since = isKnown && !isRead ? (known?.generation ?? 0) : 0
    const { generation, publishedAt, totals } = found
    const isOtherStore = known !== undefined && !isKnown
    const begun = { prefix: facts.idPrefix, generation, publishedAt, totals, since, isOtherStore }
    commit(work, member, () => {
      Object.assign(member, begun, { stage: 'reading' })
      if (since > 0 && isSame) settle(work, member, 'merged')
    })
  }
  while (member.stage === 'reading') {
    const table = work.tables[member.collection]
    if (table === undefined) {
      if (member.isOtherStore && member.isLetGo !== true) refuseShrunk(work, member)
      commit(work, member, () => {
        member.stage = 'merged'
      })
      return
    }
    await mergeCollection(work, { table, member })
    commit(work, member, () => {
      member.collection += 1
      member.after = ''
      member.isAgain = false
    })
    await nextStep(work)
  }
}

/** What it tells of itself, and in whose place it is by that. */
function noteTold(
  work: MergeWork,
  member: MemberProgress,
  { idPrefix, snapshot, isComing = false }: MemberFacts,
): void {
  const predecessor = predecessorOf(work, member, idPrefix)
  commit(work, member, () => {
    member.told = { generation: snapshot?.generation ?? 0, publishedAt: snapshot?.publishedAt ?? '', isComing }
    if (predecessor !== undefined) member.predecessor = predecessor
  })
}

/** Refuses what would mix up the records of two members, or take all of a member's away. */
function checkFacts(work: MergeWork, member: MemberProgress, { idPrefix, isGroup, snapshot }: MemberFacts) {
  const { id } = member
  const known = knownOf(work, member)
  if (isGroup) throw new MemberError('member-is-group', `The member ${id} is a group itself.`)
  if (idPrefix === '') throw new MemberError('prefix-missing', `The member ${id} has no idPrefix.`)
  if (known !== undefined && known.prefix !== idPrefix) {
    throw new MemberError('prefix-changed', `The member ${id} has another idPrefix than when it was merged last.`)
  }
  const other = work.merging.members.find(({ id: otherId, prefix }) => {
    return otherId !== id && otherId !== member.predecessor && prefix !== '' && clash(prefix, idPrefix)
  })
  if (other !== undefined) {
    const message = `The idPrefix ${idPrefix} of the member ${id} and ${other.prefix} of ${other.id} do not keep their records apart.`
    throw new MemberError('prefix-clash', message)
  }
  if (work.org?.toLowerCase().startsWith(idPrefix.toLowerCase()) === true) {
    const message = `The idPrefix ${idPrefix} of the member ${id} begins the sourcedId of the group's own org, ${work.org}.`
    throw new MemberError('prefix-clash', message)
  }
  if (snapshot === null) throw new MemberError('member-unpublished', `The member ${id} has published nothing yet.`)
  const isEmpty = (snapshot.totals.users ?? 0) === 0 && (known?.active.users ?? 0) > 0
  if (isEmpty && !(work.released[id] !== undefined && member.isLetGo === true)) {
    throw new MemberError('member-empty', `The member ${id} has no users any more; the group keeps those that it had.`)
  }
  return snapshot
}

/** As a member's own guard, which has seen only what its store has had. */
function refuseShrunk({ guard }: MergeWork, { id, counts }: MemberProgress): void {
  const held = heldRemovals(new Map(Object.entries(counts)), guard)
  if (held.length === 0) return
  const found = held.map(({ collection, removed, of }) => `${removed} of ${of} ${collection}`).join(', ')
  const message = `The store of the member ${id} is another one than before, and has less: ${found} would leave.`
  throw new MemberError('member-shrunk', message)
}

/** The member's records are not read: they stay, and only hang below the org that is to be above them now. */
function settle(work: MergeWork, member: MemberProgress, stage: 'merged' | 'kept'): void {
  const known = knownOf(work, member)
  member.tops = [...(known?.tops ?? [])]
  member.stage = stage
  for (const table of work.tables) {
    const counts = countsIn(work, { table, member })
    if (table.storage.name !== 'orgs') continue
    const orgs = member.tops.flatMap((top) => {
      const body = table.bodyOf(top.sourcedId)
      return body === undefined ? [] : [hung(top, body, work.org)]
    })
    table.write(orgs, counts)
  }
}

async function keepAsItIs(work: MergeWork, member: MemberProgress, error: MemberError): Promise<void> {
  await takeAllBack(work, member)
  commit(work, member, () => {
    member.problem = problemOf(error)
    if (knownOf(work, member) === undefined) member.stage = 'left-out'
    else settle(work, member, 'kept')
  })
}

/** It is named no more, and stays as it is until it is known whether another one has its records. */
export async function keepLeaving(work: MergeWork, member: MemberProgress, unread: MemberProgress): Promise<void> {
  const message = `The member ${member.id} is to leave, and the new member ${unread.id}, which may be in its place, could not be asked.`
  commit(work, member, () => {
    member.problem = problemOf({ code: 'successor-unread', message })
    settle(work, member, 'kept')
  })
}

async function beginAnew(work: MergeWork, member: MemberProgress): Promise<void> {
  await takeAllBack(work, member)
  commit(work, member, () => {
    Object.assign(member, { stage: 'waiting', collection: 0, after: '', isAgain: false, tops: [] })
  })
}

async function takeAllBack(work: MergeWork, member: MemberProgress): Promise<void> {
  if (member.stage === 'waiting') return
  commit(work, member, () => {
    member.stage = 'undoing'
  })
  for (const table of work.tables) await takeBack(work, { table, member } satisfies Part)
}

async function rest(work: MergeWork, ms: number): Promise<void> {
  await work.sleep(ms, work.signal).catch((error: unknown) => {
    if (!work.signal.aborted) throw error
  })
  await nextStep(work)
}
