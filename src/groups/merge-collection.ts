// Brings one collection of one member to what the member's snapshot has, in the order of sourcedId.
import type { CollectionChanges, StoredRecord } from '../store/snapshot-writer.ts'
import type { MemberRecord } from './member-records.ts'
import type { MemberProgress } from './merge-state.ts'
import type { MergeTable } from './merge-store.ts'
import { commit, knownOf, type MergeWork, nextStep, repeat } from './merge-work.ts'
import { hung, topOf } from './org.ts'
import { endOfPrefix } from './prefixes.ts'
import { MemberError } from './problems.ts'

/** The part of a table that is one member's. */
export interface Part {
  readonly table: MergeTable
  readonly member: MemberProgress
}

/** The top orgs are known, and hung below the group's, only when all orgs are read. */
const ALWAYS_WHOLE: ReadonlySet<string> = new Set(['orgs'])

/** Goes on at `member.after`. Refuses with a MemberError, and with `sync-stopped`. */
export async function mergeCollection(work: MergeWork, part: Part): Promise<void> {
  const { table, member } = part
  const { name } = table.storage
  for (;;) {
    const since = member.isAgain || ALWAYS_WHOLE.has(name) ? 0 : member.since
    if (since === 0 && member.counts[name] === undefined) beginCounting(part)
    if (!(await readPage(work, part, since))) continue
    const counts = countsIn(work, part)
    if (counts.active === (member.totals[name] ?? 0)) return
    if (since === 0) {
      const found = `${counts.active} ${name} of ${member.totals[name] ?? 0}`
      throw new MemberError('totals-differ', `Of the member ${member.id} came ${found}.`)
    }
    // A removal is no longer told of once its tombstone's time is over.
    await takeBack(work, part)
    commit(work, member, () => {
      member.isAgain = true
      member.after = ''
    })
  }
}

/** True when the collection has no more. */
async function readPage(work: MergeWork, part: Part, since: number): Promise<boolean> {
  const { table, member } = part
  const { id, generation, publishedAt } = member
  const slice = { collection: table.storage.name, generation, publishedAt, since, after: member.after }
  for await (const { records, isLast } of work.reader.records(id, slice)) {
    await mergeBatch(work, part, records, since === 0)
    await nextStep(work)
    if (!isLast) continue
    if (since === 0) await buryRest(work, part)
    return true
  }
  return false
}

async function mergeBatch(
  work: MergeWork,
  part: Part,
  records: readonly MemberRecord[],
  isWhole: boolean,
): Promise<void> {
  const { table, member } = part
  const last = records.at(-1)?.sourcedId
  if (last === undefined) return
  const ids = records.map(({ sourcedId }) => sourcedId)
  if (ids.some((id) => !id.startsWith(member.prefix) || id === member.prefix)) {
    const message = `The member ${member.id} has ${table.storage.name} whose sourcedId does not begin with its prefix.`
    throw new MemberError('id-foreign', message)
  }
  const width = table.storage.columns.length
  if (records.some((record) => !('isRemoved' in record) && record.columns.length !== width)) {
    throw new MemberError('member-changing', `The member ${member.id} runs another version of the bridge.`)
  }
  const counts = countsIn(work, part)
  // Between two records of a whole reading the member has none.
  const range = { ...rangeOf(member), last }
  if (isWhole) await repeat(work, member, () => table.buryOthers(range, ids, counts))
  const isRewrite = table.lacksColumns || knownOf(work, member)?.mustRewrite === true
  commit(work, member, () => {
    const active = records.flatMap((record) => ('isRemoved' in record ? [] : [record]))
    table.write(table.storage.name === 'orgs' ? hungOrgs(work, member, active) : active, counts, isRewrite)
    const removed = records.flatMap((record) => ('isRemoved' in record ? [record.sourcedId] : []))
    if (removed.length > 0) table.bury(removed, counts)
    member.after = last
  })
}

function hungOrgs({ org }: MergeWork, member: MemberProgress, orgs: readonly StoredRecord[]): readonly StoredRecord[] {
  if (member.after === '') member.tops = []
  return orgs.map((record) => {
    const top = topOf(record)
    if (top === undefined) return record
    member.tops.push(top)
    return org === undefined ? record : hung(top, record.body, org)
  })
}

/** Of the group, what no member's record stands for any more. */
export function buryRest(work: MergeWork, part: Part): Promise<void> {
  const counts = countsIn(work, part)
  return repeat(work, part.member, () => part.table.buryOthers(rangeOf(part.member), [], counts))
}

/** As if the sync had not come to this collection of the member. */
export async function takeBack(work: MergeWork, { table, member }: Part): Promise<void> {
  const whole = rangeOf({ ...member, after: '' })
  if (member.prefix !== '') await repeat(work, member, () => table.forget(whole))
  delete member.counts[table.storage.name]
}

function rangeOf({ after, prefix }: Pick<MemberProgress, 'after' | 'prefix'>) {
  return { after: after === '' ? prefix : after, end: endOfPrefix(prefix) }
}

/** Of what is there, and not of what earlier syncs have told: the totals are compared with the truth. */
function beginCounting({ table, member }: Part): void {
  const active = table.countActive(rangeOf({ ...member, after: '' }))
  member.counts[table.storage.name] = { active, added: 0, changed: 0, removed: 0 }
}

export function countsIn(work: MergeWork, { table, member }: Part): CollectionChanges {
  const { name } = table.storage
  const counts = member.counts[name] ?? {
    active: knownOf(work, member)?.active[name] ?? 0,
    added: 0,
    changed: 0,
    removed: 0,
  }
  member.counts[name] = counts
  return counts
}
