// The grammar of a rule and its examples.
import type { Kind } from './grammar-kind.ts'

export const RULE_KINDS = {
  rule: {
    what: 'a rule',
    doc: 'How rows of one source become records of a collection.',
    keys: {
      from: { doc: 'The source; at most one record is made of a row.', takes: 'word', required: true },
      one_per: {
        doc: 'A column. Rows that share its value become one record: columns are read from the first, `rows` is the list.',
        takes: 'formula',
      },
      order: { doc: 'By what the rows of a `one_per` are sorted.', takes: 'formula' },
      where: { doc: 'Which rows are published: a formula, or a list that must all hold.', takes: 'formulas' },
      with: {
        doc: 'Named lookups, in order; each may use those above it.',
        takes: { mapOf: { kind: 'lookup' }, isNamed: true },
      },
      id: { doc: 'The `sourcedId`.', takes: 'value', required: true },
      fields: { doc: 'The fields of the record, by their OneRoster names.', takes: 'fields' },
      metadata: { doc: 'Fields of your own, published under `metadata`.', takes: { mapOf: 'value' } },
      enabled: { doc: '`false` switches the rule off.', takes: 'switch' },
      examples: { doc: 'The tests of the rule.', takes: { listOf: { kind: 'example' } } },
      create_only: {
        doc: 'Fields that keep the value with which the record was first published: `[username, email]`; `id` keeps the `sourcedId`.',
        takes: 'words',
      },
    },
  },
  example: {
    what: 'an example',
    doc: 'A row, and what the rule makes of it.',
    keys: {
      it: {
        doc: 'What is shown, to be read after the word it: `leaves out a student who has transferred`.',
        takes: 'word',
        required: true,
      },
      row: { doc: "The row of the rule's source.", takes: { mapOf: 'data' }, required: true },
      given: { doc: 'What else there is: rows that lookups may find, settings, the day.', takes: { kind: 'given' } },
      gives: {
        doc: 'The fields that the record has: only those listed are compared, `null` must be absent. The word `nothing`: no record.',
        takes: { either: [{ oneOf: ['nothing'] }, { mapOf: 'data' }] },
        required: true,
      },
    },
  },
  given: {
    what: '`given`',
    doc: 'What an example is run with.',
    keys: {
      settings: { doc: 'Values of settings, for this example.', takes: { mapOf: 'data' } },
      today: { doc: 'The day of `today()`, `2026-10-01` when it is not said.', takes: 'word' },
      published: {
        doc: 'The record as it was published before, for `create_only`: its fields, and `id` when it had another one.',
        takes: { mapOf: 'data' },
      },
    },
    others: { doc: 'A source, and the rows of it that lookups may find.', takes: 'data' },
  },
} as const satisfies Record<string, Kind>
