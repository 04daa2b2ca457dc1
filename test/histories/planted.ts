// Mistakes that are planted below the bridge, in what its database does, to show that the checks would find them in it.
import type { Sql, SqlRow, SqlValue } from '../../src/store/sql.ts'
import { COLLECTIONS } from './content.ts'
import type { ViolationName } from './violations.ts'
import type { Plant } from './world.ts'

export interface Planted {
  readonly plant: Plant
  /** One of these must be found. */
  readonly found: readonly ViolationName[]
}

const TORN: readonly ViolationName[] = ['no-generation', 'total-wavers', 'total-wrong', 'record-twice']

export const PLANTED: Readonly<Record<string, Planted>> = {
  'a publish is stamped with the time of its sync': {
    plant: (sql, world) => {
      let begunMs = 0
      return restamp(
        sql,
        () => begunMs,
        (statement) => {
          if (/insert into syncs/i.test(statement) && begunMs === 0) begunMs = world.scheduler.now()
        },
        () => {
          begunMs = 0
        },
      )
    },
    found: ['copy-wrong', 'not-converged'],
  },
  'a publish is stamped a little before it is made': {
    plant: (sql, world) => {
      const seen: number[] = []
      return restamp(
        sql,
        () => seen.at(-20) ?? 0,
        () => void seen.push(world.scheduler.now()),
        () => {},
      )
    },
    found: ['copy-wrong', 'not-converged'],
  },
  'a publish follows a clock that has stepped back': {
    plant: (sql, world) => onPublish(sql, (values) => stamped(values, world.scheduler.now() + 1)),
    found: ['time-falls', 'copy-wrong'],
  },
  'tombstones are forgotten': {
    plant: (sql) =>
      onPublish(sql, (values) => {
        for (const table of tablesOf(sql)) {
          sql.run(`delete from "${table}" where status = 'tobedeleted' and born = ?`, values.number ?? null)
        }
        return values
      }),
    found: ['removal-unannounced'],
  },
  'a changed record keeps its date': {
    plant: (sql) =>
      onPublish(sql, (values) => {
        const { number = null } = values
        for (const table of tablesOf(sql)) {
          const old = `select max(o.born) from "${table}" o where o.sourcedId = r.sourcedId and o.died = ?`
          sql.run(`update "${table}" as r set born = coalesce((${old}), born) where born = ?`, number, number)
        }
        return values
      }),
    found: ['change-keeps-time'],
  },
  'later pages are read from the newest generation': {
    plant: (sql) =>
      onRead(sql, /from generations where number = \?/i, (read) =>
        read('select number, time, time_ms from generations order by number desc limit 1'),
      ),
    found: TORN,
  },
  'pins are forgotten': { plant: (sql) => onRead(sql, /from pins where (?:reader|consumer)/i, () => []), found: TORN },
  'clean-up asks nobody who reads': {
    plant: (sql) => onRead(sql, /select distinct generation from pins/i, () => []),
    found: TORN,
  },
  'a changed row of PowerSchool is not kept': {
    plant: (sql) => dropping(sql, /^\s*update "?staged_\w+"? set body/i),
    found: ['not-converged'],
  },
  'what changes in a narrowed roster is not kept': {
    plant: (sql) => dropping(sql, /insert into "?changed_users_n\d/i),
    found: ['narrowed-wrong', 'dangling-in-generation'],
  },
  'a publish waits for nobody': {
    plant: (sql) =>
      onRead(sql, /from meta where name = \?/i, (read, values) => (values[0] === 'last-served' ? [] : read())),
    found: ['run-torn', 'dangling-in-run'],
  },
}

type Read = (statement?: string) => SqlRow[]

function onRead(sql: Sql, like: RegExp, change: (read: Read, values: readonly SqlValue[]) => SqlRow[]): Sql {
  return {
    ...sql,
    all<T extends object>(statement: string, ...values: readonly SqlValue[]): T[] {
      if (!like.test(statement)) return sql.all<T>(statement, ...values)
      const read: Read = (other) => (other === undefined ? sql.all(statement, ...values) : sql.all(other))
      // The plant answers rows of the statement that it stands in for.
      return change(read, values) as T[]
    },
  }
}

/** Statements like this do nothing. */
function dropping(sql: Sql, like: RegExp): Sql {
  return { ...sql, run: (text, ...values) => (like.test(text) ? { changes: 1 } : sql.run(text, ...values)) }
}

type Row = Readonly<Record<string, SqlValue>>

/** Changes the row of a new generation, in the transaction that publishes it. */
function onPublish(sql: Sql, change: (row: Row) => Row): Sql {
  return {
    ...sql,
    run(statement, ...values) {
      const [, columns] = /insert into generations \(([^)]*)\)/i.exec(statement) ?? []
      if (columns === undefined) return sql.run(statement, ...values)
      const names = columns.split(',').map((name) => name.trim())
      const row = change(Object.fromEntries(names.map((name, at) => [name, values[at] ?? null])))
      return sql.run(statement, ...names.map((name) => row[name] ?? null))
    },
  }
}

function stamped(row: Row, timeMs: number): Row {
  const time = new Date(timeMs).toISOString()
  return { ...row, time, time_ms: timeMs, head: `{"dateLastModified":"${time}",` }
}

/** As `onPublish`, with a time that is later than the last publish and otherwise what `timeOf` says. */
function restamp(sql: Sql, timeOf: () => number, watch: (statement: string) => void, published: () => void): Sql {
  const other = onPublish(sql, (row) => {
    const [last] = sql.all<{ ms: number | null }>('select max(time_ms) as ms from generations')
    const timeMs = timeOf()
    published()
    return timeMs === 0 ? row : stamped(row, Math.max(timeMs, (last?.ms ?? 0) + 1))
  })
  return {
    ...other,
    run(statement, ...values) {
      watch(statement)
      return other.run(statement, ...values)
    },
  }
}

function tablesOf(sql: Sql): readonly string[] {
  return sql
    .all<{ name: string }>(
      `select name from sqlite_master where type = 'table' and name like 'records\\_%' escape '\\'`,
    )
    .map(({ name }) => name)
    .filter((name) => COLLECTIONS.some((collection) => name.startsWith(`records_${collection}`)))
}
