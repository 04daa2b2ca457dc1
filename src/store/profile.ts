// What a profile is by its own word: its settings, its sealed client secret, and how it stands with them.
import type { Sql } from './sql.ts'

/** The id of the profile whose settings come from the environment. */
export const DEFAULT_PROFILE = 'default'

/** School Data Sync's words for the state of a profile. */
export const PROFILE_STATES = ['provisioning', 'provisioned', 'provisioningFailed', 'deleting'] as const
export type ProfileState = (typeof PROFILE_STATES)[number]

/** What keeps a profile from being provisioned: a code of `BridgeError`, and two sentences without personal data. */
export interface ProfileProblem {
  readonly code: string
  readonly message: string
  readonly remedy?: string | undefined
}

export interface ProfileRecord {
  readonly id: string
  readonly state: ProfileState
  /** Without secrets. */
  readonly settings: Readonly<Record<string, unknown>>
  /** Null where the environment has it. */
  readonly sealedSecret: string | null
  readonly problem: ProfileProblem | undefined
  /** A person has paused it: no sync begins until it is resumed. */
  readonly isPaused: boolean
  /** Attempts to provision it that failed in a way that may pass. */
  readonly tries: number
  readonly createdMs: number
  readonly changedMs: number
}

/** One row at most. The profile of the environment has one only when something was said about it by the admin API. */
export const PROFILE_STEP: readonly string[] = [
  `create table profile (
     id text primary key, state text not null, settings text not null, sealed_secret text, problem text,
     is_paused integer not null, tries integer not null, created_ms integer not null, changed_ms integer not null)`,
]

interface ProfileRow {
  readonly id: string
  readonly state: string
  readonly settings: string
  readonly sealed_secret: string | null
  readonly problem: string | null
  readonly is_paused: number
  readonly tries: number
  readonly created_ms: number
  readonly changed_ms: number
}

export function findProfile(sql: Sql): ProfileRecord | undefined {
  const [row] = sql.all<ProfileRow>(`select * from profile`)
  return (
    row && {
      id: row.id,
      // Written by `saveProfile` only, as the JSON below.
      state: row.state as ProfileState,
      settings: JSON.parse(row.settings),
      sealedSecret: row.sealed_secret,
      problem: row.problem === null ? undefined : JSON.parse(row.problem),
      isPaused: row.is_paused !== 0,
      tries: row.tries,
      createdMs: row.created_ms,
      changedMs: row.changed_ms,
    }
  )
}

/** Makes the row, or replaces all of it. */
export function saveProfile(sql: Sql, record: ProfileRecord): void {
  sql.transaction(() => {
    sql.run(`delete from profile`)
    sql.run(
      `insert into profile (id, state, settings, sealed_secret, problem, is_paused, tries, created_ms, changed_ms)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      record.id,
      record.state,
      JSON.stringify(record.settings),
      record.sealedSecret,
      record.problem === undefined ? null : JSON.stringify(record.problem),
      record.isPaused ? 1 : 0,
      record.tries,
      record.createdMs,
      record.changedMs,
    )
  })
}

/** What the ids of this profile's consumers begin with: the profile's own id and a dot; nothing for the environment's. */
export function consumerPrefix(sql: Sql): string {
  const id = findProfile(sql)?.id
  return id === undefined || id === DEFAULT_PROFILE ? '' : `${id}.`
}
