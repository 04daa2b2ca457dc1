// The indexes of the record tables, apart from the tables because a bulk load drops and rebuilds them.
import { ALIVE, type CollectionStorage, quoteName } from './schema.ts'

export interface RecordIndex {
  readonly name: string
  readonly create: string
  readonly drop: string
}

export function recordIndexes({ name, columns }: CollectionStorage): RecordIndex[] {
  const records = quoteName(`records_${name}`)
  const index = (own: string, table: string, on: string): RecordIndex => ({
    name: own,
    create: `create index if not exists ${quoteName(own)} on ${table}${on}`,
    drop: `drop index if exists ${quoteName(own)}`,
  })
  return [
    // Carries all that decides whether a version is seen, so that counts and seeks never touch the bodies.
    index(`records_${name}_by_id`, records, '(sourcedId, died, born, status)'),
    index(`records_${name}_by_born`, records, '(born)'),
    index(`records_${name}_by_died`, records, `(died) where died < ${ALIVE}`),
    index(`records_${name}_by_burial`, records, `(born) where status = 'tobedeleted'`),
    ...columns
      .filter((column) => column.index)
      .map((column) => index(`records_${name}_by_${column.name}`, records, `(${quoteName(column.name)}, sourcedId)`)),
    index(`links_${name}_by_seq`, quoteName(`links_${name}`), '(seq)'),
  ]
}
