// The grammar of lookups, and of the values that are maps with words of their own.
import type { KeyGrammar, Kind } from './grammar-kind.ts'

const WHERE = {
  doc: 'Narrows: a formula, or a list that must all hold; `it` is the candidate.',
  takes: 'formulas',
} as const satisfies KeyGrammar
const ORDER = { doc: 'Sorts: `=it.start_date`; `it` is the candidate.', takes: 'formula' } as const satisfies KeyGrammar
const TAKE = {
  doc: 'Chooses the `first` or the `last` of several.',
  takes: { oneOf: ['first', 'last'] },
} as const satisfies KeyGrammar
const MATCH = {
  doc: 'Finds rows by columns: `{ school_id: =school_id }`; a list means any of its members, `{}` all rows.',
  takes: { mapOf: 'value' },
} as const satisfies KeyGrammar
const KEY = {
  doc: 'Finds the row by the key of its source: `=course_id`.',
  takes: 'value',
} as const satisfies KeyGrammar

const NARROWING = { where: WHERE, order: ORDER, take: TAKE }

/** The first mark that a map has decides. */
export const VALUE_KINDS = {
  ref: {
    what: 'a `ref`',
    doc: 'A link to the record that a rule makes of a row; blank when that is not published.',
    keys: {
      ref: { doc: 'The rule: `users.student`.', takes: 'word', required: true },
      key: KEY,
      match: MATCH,
      ...NARROWING,
    },
    anyOf: [['key', 'match']],
    apart: [['key', 'match']],
    marks: ['ref'],
  },
  refs: {
    what: 'a `refs`',
    doc: 'Links to all records that a rule makes of the rows found.',
    keys: {
      refs: { doc: 'The rule: `orgs.school`.', takes: 'word', required: true },
      key: KEY,
      match: MATCH,
      ...NARROWING,
    },
    anyOf: [['key', 'match']],
    apart: [['key', 'match']],
    marks: ['refs'],
  },
  inverse: {
    what: 'an `inverse`',
    doc: 'Links to all records whose own link leads here.',
    keys: {
      inverse: {
        doc: 'The linking field, or a list of them: `academicSessions.term.parent`.',
        takes: 'words',
        required: true,
      },
      where: WHERE,
      order: ORDER,
    },
    marks: ['inverse'],
  },
  each: {
    what: 'an `each`',
    doc: 'A value for each member of a list.',
    keys: {
      each: { doc: 'The list.', takes: 'formula', required: true },
      as: { doc: 'The name of the member in `where` and `value`.', takes: 'word', required: true },
      where: { doc: 'Which members count: a formula, or a list that must all hold.', takes: 'formulas' },
      value: { doc: 'The value for each.', takes: 'value', required: true },
    },
    marks: ['each'],
  },
  choose: {
    what: 'a `choose`',
    doc: 'The value of the first case whose `when` holds.',
    keys: {
      choose: {
        doc: 'The cases, in order; a last one may be `else`.',
        takes: { listOf: { kind: 'case' } },
        required: true,
      },
    },
    marks: ['choose'],
  },
  case: {
    what: 'a case of `choose`',
    doc: '`when` and `then`, or `else` alone.',
    keys: {
      when: { doc: 'The condition.', takes: 'formula' },
      // biome-ignore lint/suspicious/noThenProperty: a word of the language, and nothing awaits the table
      then: { doc: 'The value when it holds.', takes: 'value' },
      else: { doc: 'The value when no case above holds; stands alone in the last case.', takes: 'value' },
    },
    anyOf: [
      ['when', 'else'],
      ['then', 'else'],
    ],
    apart: [
      ['when', 'else'],
      ['then', 'else'],
    ],
  },
} as const satisfies Record<string, Kind>

export const LOOKUP_KINDS = {
  lookup: {
    what: 'a lookup',
    doc: 'A name for a row, or for a list of rows, of another source.',
    keys: {
      in: { doc: 'One row of this source, or of the rows that this rule publishes.', takes: 'word' },
      all: {
        doc: 'A list of rows of this source or rule, or the list that a formula gives.',
        takes: { either: ['word', 'formula'] },
      },
      key: KEY,
      match: MATCH,
      ...NARROWING,
      missing: {
        doc: 'When nothing is found: `skip` (the row is left out and counted; the default) or `blank`.',
        takes: { oneOf: ['skip', 'blank'] },
      },
    },
    anyOf: [['in', 'all']],
    apart: [
      ['in', 'all'],
      ['key', 'match'],
      ['all', 'missing'],
    ],
    marks: ['in', 'all'],
  },
} as const satisfies Record<string, Kind>
