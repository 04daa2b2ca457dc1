// The grammar of a file's own keys, of settings, sources and code tables.
import type { Kind } from './grammar-kind.ts'

export const FILE_KINDS = {
  file: {
    what: 'a mapping file',
    doc: 'A file of the default mapping, or a layer over it.',
    keys: {
      extends: {
        doc: "What this layer changes: `default`, or the path of another layer from this file's folder. Only layers have it.",
        takes: 'word',
      },
      settings: {
        doc: 'Values that rules and readers use as `settings.name`.',
        takes: { mapOf: { either: ['plain', { kind: 'setting' }] }, isNamed: true },
      },
      sources: {
        doc: 'What is read from PowerSchool, and what a row looks like.',
        takes: { mapOf: { kind: 'source' }, isNamed: true },
      },
      tables: {
        doc: 'Code tables, used by `code("table", value)`.',
        takes: { mapOf: { kind: 'table' }, isNamed: true },
      },
      entities: {
        doc: 'The rules, by collection: how rows become OneRoster records.',
        takes: { mapOf: { mapOf: { kind: 'rule' }, isNamed: true } },
      },
    },
  },
  setting: {
    what: 'a setting',
    doc: 'A setting that says what it takes. A layer writes the value alone: `student_username: email`.',
    keys: {
      is: { doc: 'The value that holds when no layer says another.', takes: 'plain', required: true },
      one_of: {
        doc: 'The values that it can have; of a list, those that its members can have.',
        takes: { listOf: 'word' },
      },
    },
  },
  table: {
    what: 'a code table',
    doc: 'Codes and what each becomes, both as written: `01` stays `01`.',
    keys: {
      otherwise: {
        doc: 'What a code becomes that is not listed: `error` (blank, and reported; the default), `blank`, `same` (the code itself) or a value.',
        takes: 'word',
      },
    },
    others: { doc: 'What this code becomes.', takes: 'word' },
  },
} as const satisfies Record<string, Kind>

export const SOURCE_KINDS = {
  source: {
    what: 'a source',
    doc: 'What is read from PowerSchool, the columns of its rows, and up to two ways to read it.',
    keys: {
      key: { doc: 'The column that tells rows apart, and that lookups use by default.', takes: 'word', required: true },
      fields: {
        doc: 'The columns with their types: `text`, `integer`, `number`, `boolean`, `date`, a group `{ … }`, a list `[ … ]`. What is not declared is dropped at the door.',
        takes: 'columns',
        required: true,
      },
      rest: { doc: 'How it is read over `/ws/v1`.', takes: { kind: 'rest' } },
      powerquery: { doc: "How the plugin's PowerQuery reads it.", takes: { kind: 'powerquery' } },
      when: { doc: 'It is read only where this setting is true: `settings.include_contacts`.', takes: 'word' },
    },
    anyOf: [['rest', 'powerquery']],
  },
  rest: {
    what: '`rest`',
    doc: "A paged list of PowerSchool's REST API.",
    keys: {
      get: {
        doc: 'The path. `{orgs.school.id}` in it stands for a parent: one list for each row of that source, or each row that the rule publishes.',
        takes: 'word',
        required: true,
      },
      q: {
        doc: 'The query `q` of the request; `{settings.start_year}` in it stands for a setting, of a list one request for each member.',
        takes: 'word',
      },
      expand: { doc: 'The expansions to ask for.', takes: 'words' },
      extend: {
        doc: 'Extension tables to ask for; declare the columns of each in `fields` as a group of its name.',
        takes: 'words',
      },
      rows: { doc: 'Where the rows stand in the answer: `students.student`.', takes: 'word', required: true },
    },
  },
  powerquery: {
    what: '`powerquery`',
    doc: 'A named query of the generated plugin.',
    keys: {
      core: { doc: 'The table that the rows are of, a table and no view.', takes: 'word', required: true },
      args: {
        doc: 'For each `:name` of the SQL a setting, and a column of its kind that the SQL reads.',
        takes: { mapOf: { kind: 'argument' } },
      },
      sql: { doc: 'One `select`, ordered by the key.', takes: 'word', required: true },
      columns: {
        doc: 'What each selected value is, in the order of the SQL: the column of the row, and the `TABLE.COLUMN` of PowerSchool that it is made of.',
        takes: { mapOf: 'word' },
        required: true,
      },
      within: {
        doc: 'Only rows whose column has a value that the rows of a source or rule have are kept: `school_id: orgs.school.id`.',
        takes: { pair: 'word' },
      },
      changed: {
        doc: 'A date column. Once all rows were read, only those with this day or a later one are asked for.',
        takes: 'word',
      },
      extend: {
        doc: 'Extension tables, each joined one to one by a column of its own to a column of the row: `u_students_extension: { studentsdcid: id }`.',
        takes: { mapOf: { pair: 'word' } },
      },
    },
  },
  argument: {
    what: 'an argument',
    doc: 'What a `:name` of the SQL stands for.',
    keys: {
      is: { doc: 'The setting whose value is sent: `settings.start_year`.', takes: 'word', required: true },
      column: { doc: 'A column of the same kind that the SQL reads: `TERMS.YEARID`.', takes: 'word', required: true },
    },
  },
} as const satisfies Record<string, Kind>
