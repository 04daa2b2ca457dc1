// What a group knows of its members: what of them is published, and how far the sync that is under way has come.
import { readMeta, writeMeta } from '../store/meta.ts'
import type { CollectionChanges } from '../store/snapshot-writer.ts'
import type { Sql } from '../store/sql.ts'
import type { TopOrg } from './org.ts'
import type { MemberProblem } from './problems.ts'
import { forgetReleased } from './released.ts'

/** A member as far as the published snapshot holds it. */
export interface MergedMember {
  readonly prefix: string
  /** Of the member's own. */
  readonly generation: number
  readonly publishedAt: string
  /** Active records by collection. */
  readonly active: Readonly<Record<string, number>>
  readonly tops: readonly TopOrg[]
  /** Its records lack columns that the model has gained since it could be read last. */
  readonly mustRewrite: boolean
  /** Nothing that was merged is relied on: it is read whole, and compared. */
  readonly mustReadWhole?: true
}

export interface Merged {
  readonly members: Readonly<Record<string, MergedMember>>
  /** The sourcedId of the org above the members. */
  readonly org: string | null
}

/**
 * `waiting`: nothing was asked yet. `undoing`: what was read of it is being taken back. `merged`: is as its snapshot of
 * `generation`. `kept`: is as it was, because of its problem.
 * `left-out`: nothing of it was ever merged, because of its problem. `leaving`, `left`: no longer a member. One that is leaving
 * may be `kept`, too, while it is not known who has its records now.
 */
export type MemberStage = 'waiting' | 'reading' | 'undoing' | 'merged' | 'kept' | 'left-out' | 'leaving' | 'left'

/** A member in the sync that is under way. Its members change as it goes on. */
export interface MemberProgress {
  readonly id: string
  stage: MemberStage
  prefix: string
  /** The member whose records it has since that left. */
  predecessor?: string
  generation: number
  publishedAt: string
  /** Its own snapshot, as it told it; absent while it has not. */
  told?: { readonly generation: number; readonly publishedAt: string; readonly isComing: boolean }
  /** Its store is another one than that of which records were merged last, so no guard has compared the two. */
  isOtherStore: boolean
  /** A person has let go what it lacks: in the member, or in the group. */
  isLetGo?: boolean
  /** What has changed after that generation is read; 0: everything. */
  since: number
  totals: Readonly<Record<string, number>>
  /** The place of the collection that is being read. */
  collection: number
  /** The collection is read whole, because what has changed did not come to its total. */
  isAgain: boolean
  /** The sourcedId up to which it is merged. */
  after: string
  counts: Record<string, CollectionChanges>
  tops: TopOrg[]
  problem?: MemberProblem
  /** How often it was begun anew because its snapshot had gone. */
  restarts: number
}

export interface Merging {
  readonly sync: string
  /** The members and the org as the settings had them when it began. */
  readonly settings: string
  /** The sourcedId of the org above the members. */
  readonly org: string | null
  readonly generation: number
  readonly members: readonly MemberProgress[]
  /** The model has gained columns, which the records of a member that is kept will lack. */
  readonly lacksColumns: boolean
  /** Of the org above the members, once it is written. */
  orgCounts?: CollectionChanges
  isPlaced?: true
}

const MERGED = 'group-merged'
const MERGING = 'group-merging'
const MEMBER = 'group-merging-member '

export function readMerged(sql: Sql): Merged {
  const text = readMeta(sql, MERGED)
  // Written by `adoptMerging` only.
  return text === undefined ? { members: {}, org: null } : (JSON.parse(text) as Merged)
}

export function readMerging(sql: Sql): Merging | undefined {
  const text = readMeta(sql, MERGING)
  if (text === undefined) return undefined
  const members = sql.all<{ value: string }>(
    `select value from meta where substr(name, 1, ?) = ? order by name`,
    MEMBER.length,
    MEMBER,
  )
  // Written by the functions below only.
  const read = members.map(({ value }) => JSON.parse(value) as MemberProgress)
  return { ...(JSON.parse(text) as Omit<Merging, 'members'>), members: read }
}

/** In the transaction that begins it. */
export function beginMerging(sql: Sql, merging: Merging): void {
  endMerging(sql)
  saveMerging(sql, merging)
  for (const member of merging.members) saveMember(sql, merging, member)
}

/** All but the members; in the transaction of the step that it tells of, as `saveMember`. */
export function saveMerging(sql: Sql, { members: _, ...merging }: Merging): void {
  writeMeta(sql, MERGING, JSON.stringify(merging))
}

/** A row each, for it is written with every step: a group may have a hundred members. */
export function saveMember(sql: Sql, { members }: Merging, member: MemberProgress): void {
  writeMeta(sql, MEMBER + String(members.indexOf(member)).padStart(4, '0'), JSON.stringify(member))
}

function endMerging(sql: Sql): void {
  sql.run(`delete from meta where name = ? or substr(name, 1, ?) = ?`, MERGING, MEMBER.length, MEMBER)
}

/** What the group holds once the merging is published: to be called in that transaction. */
export function adoptMerging(sql: Sql): void {
  const merging = readMerging(sql)
  if (merging === undefined) return
  writeMeta(sql, MERGED, JSON.stringify(mergedOf(readMerged(sql), merging)))
  const settled = merging.members.filter(({ stage }) => stage === 'merged' || stage === 'left')
  forgetReleased(
    sql,
    settled.map(({ id }) => id),
  )
  endMerging(sql)
}

function mergedOf(before: Merged, { members, lacksColumns, org }: Merging): Merged {
  const after = members.flatMap((member): [string, MergedMember][] => {
    const known = mergedBefore(before, member)
    if (member.stage === 'merged') {
      const { id, prefix, generation, publishedAt, counts, tops } = member
      return [[id, { prefix, generation, publishedAt, active: activeOf(counts), tops, mustRewrite: false }]]
    }
    if (member.stage !== 'kept' || known === undefined) return []
    return [[member.id, { ...known, mustRewrite: known.mustRewrite || lacksColumns }]]
  })
  return { members: Object.fromEntries(after), org }
}

/** What of it, or of the one in whose place it is, was merged last. */
export function mergedBefore(
  { members }: Merged,
  { id, predecessor = id }: Pick<MemberProgress, 'id' | 'predecessor'>,
): MergedMember | undefined {
  return Object.hasOwn(members, predecessor) ? members[predecessor] : undefined
}

/** Has the next sync read every member whole. No sync may run. */
export function readMembersAnew(sql: Sql): void {
  const { members, org } = readMerged(sql)
  const anew = Object.entries(members).map(([id, member]) => [id, { ...member, mustReadWhole: true }])
  if (anew.length > 0) writeMeta(sql, MERGED, JSON.stringify({ members: Object.fromEntries(anew), org }))
}

function activeOf(counts: MemberProgress['counts']): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).map(([name, { active }]) => [name, active]))
}
