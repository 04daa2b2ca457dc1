// Every form of formulas, lookups and paths: its name, the lines of a rule that use it, and what becomes of the student 1.

export interface Made {
  readonly fields?: Readonly<Record<string, unknown>>
  readonly metadata?: Readonly<Record<string, unknown>>
}

export type Form = readonly [name: string, lines: string, made: Made | 'nothing']

/** A formula whose value is told as metadata; undefined is blank. */
const formula = (text: string, value: unknown): Form => [
  text,
  `metadata:\n  v: ${/: | #|^=\s*$/.test(text) ? `'${text}'` : text}`,
  value === undefined ? {} : { metadata: { v: value } },
]

/** A lookup named `v`, and what a formula makes of it. */
const lookup = (name: string, written: string, text: string, value: unknown): Form => [
  `${name}: ${written}`,
  `with:\n  v: ${written}\nmetadata:\n  v: ${text}`,
  value === 'nothing' ? 'nothing' : value === undefined ? {} : { metadata: { v: value } },
]

export const FORMULAS: readonly Form[] = [
  formula('=2 + 3 * 4', 14),
  formula('=(2 + 3) * 4', 20),
  formula('=10 - 2 - 3', 5),
  formula('=10 / 4', 2.5),
  formula('=-mark + 1', -1.5),
  formula('=mark / 0', undefined),
  formula('=name.first & "-" & id & born', 'Ada-12011-02-03'),
  formula('=id = 1 and mark >= 2.5 or false', true),
  formula('=true or false and false', true),
  formula('=not active or active', true),
  formula('=not active = false', true),
  formula('=id != 2', true),
  formula('=id in [2, 1]', true),
  formula('=not id in [2, 3]', true),
  formula('=id in []', false),
  formula('="b" in tags', true),
  formula('=id in settings.numbers', true),
  formula('=[races.code, tags, name.first]', ['w', 'b', 'w', 'a', 'b', 'a', 'Ada']),
  formula('=[[1, [2]], 3]', [1, 2, 3]),
  formula('=[]', undefined),
  formula('=races.share', [0.5, 0.25]),
  formula('=first(races.share)', 0.5),
  formula('=first([])', undefined),
  formula('=count(races)', 3),
  formula('=count(races.share)', 2),
  formula('=tags is blank', false),
  formula('=[] is blank', true),
  formula('=name.last is not blank', true),
  formula('=add_days(born, 28)', '2011-03-03'),
  formula('=add_days(today(), -1)', '2026-09-30'),
  formula('=born < today()', true),
  formula('=year(born) + 1', 2012),
  formula('=settings.domain', 'example.org'),
  formula('=settings.start_year', undefined),
  formula('=code("role", "S")', 'student'),
  formula('="="', '='),
  formula('="say \\"a\\" \\\\"', 'say "a" \\'),
  [
    'over several lines',
    'fields:\n  username: =join(" ",\n    name.first,\n    name.last)',
    { fields: { username: 'Ada Li' } },
  ],
  ['in a folded block', 'fields:\n  username: >-\n    =join(" ",\n    name.first)', { fields: { username: 'Ada' } }],
  ['in double quotes', 'fields: { username: "=join(\\",\\", tags)" }', { fields: { username: 'a,b,a' } }],
  ['in single quotes', 'fields: { username: \'=join(",", tags)\' }', { fields: { username: 'a,b,a' } }],
]

/** `nobody` is a row that is not there: whatever is asked of it is blank. */
const blank = (text: string, value?: unknown): Form => [
  text,
  `with:
  nobody: { in: students, key: 99, missing: blank }
  their_school: { in: schools, key: =nobody.school_id, missing: blank }
  their_visits: { all: visits, match: { student_id: =nobody.id } }
  their_tags: { all: =nobody.tags, where: =it != "b" }
metadata:
  v: ${text}`,
  value === undefined ? {} : { metadata: { v: value } },
]

export const BLANKS: readonly Form[] = [
  blank('=nobody.name.first'),
  blank('=their_school.name'),
  blank('=nobody.races.code'),
  blank('=count(nobody.tags)', 0),
  blank('=count(their_visits)', 0),
  blank('=count(their_tags)', 0),
  blank('=nobody is blank', true),
  blank('=their_visits is blank', true),
  blank('=nobody.mark > 1', false),
  blank('=nobody.mark <= 1', false),
  blank('=nobody.mark = 1', false),
  blank('=nobody.mark != 1', false),
  blank('=nobody.mark = nobody.mark', false),
  blank('=not nobody.mark > 1', true),
  blank('=not nobody.active', true),
  blank('=nobody.active or true', true),
  blank('=nobody.mark in [1]', false),
  blank('=not nobody.mark in [1]', true),
  blank('="a" in nobody.tags', false),
  blank('=nobody.mark + 1'),
  blank('=-nobody.mark'),
  blank('=nobody.name.first & "x"'),
  blank('=join("-", nobody.name.first, "x")', 'x'),
  blank('=[nobody.name.first, "x"]', ['x']),
  blank('=first(their_school.name, "none")', 'none'),
  blank('=add_days(nobody.born, 1)'),
  blank('=if(nobody.active, "y", "n")', 'n'),
]

export const LOOKUPS: readonly Form[] = [
  lookup('by key', '{ in: schools, key: =school_id }', '=v.name', 'Oak'),
  lookup('by a key that is constant', '{ in: schools, key: 4 }', '=v.name', 'Elm'),
  lookup('by a text key', '{ in: trips, key: T1 }', '=v.numbers', [3, 1, 2]),
  lookup('by a key, narrowed', '{ in: schools, key: =school_id, where: =it.number = 103 }', '=v.name', 'Oak'),
  lookup('by a key, narrowed away', '{ in: schools, key: =school_id, where: =it.number = 1 }', '=v.name', 'nothing'),
  lookup(
    'narrowed away, blank',
    '{ in: schools, key: =school_id, where: =it.number = 1, missing: blank }',
    '=v.name',
    undefined,
  ),
  lookup('that finds nothing', '{ in: schools, key: 99 }', '=v.name', 'nothing'),
  lookup('that finds nothing and is not used', '{ in: schools, key: 99 }', '=id', 'nothing'),
  lookup('by a column', '{ in: schools, match: { number: 104 } }', '=v.name', 'Elm'),
  lookup(
    'by a column, the last',
    '{ in: schools, match: { number: 104 }, order: =it.name, take: last }',
    '=v.name',
    'Yew',
  ),
  lookup('by columns', '{ in: schools, match: { number: 104, name: Yew } }', '=v.id', 5),
  lookup('by a column in a group', '{ all: students, match: { name.first: Bo } }', '=v.id', [2]),
  lookup('by a date', '{ all: visits, match: { day: 2026-09-01 } }', '=v.id', [2]),
  lookup('by false', '{ all: visits, match: { open: false } }', '=v.id', [2]),
  lookup('by any of a list', '{ all: schools, match: { id: "=[5, 3, 3, 9]" } }', '=v.name', ['Oak', 'Yew']),
  lookup('by a blank', '{ all: visits, match: { school_id: "=first([])" } }', '=count(v)', 0),
  lookup('of the only row', '{ in: trips, match: {} }', '=v.code', 'T1'),
  lookup('of all rows', '{ all: schools, match: {}, order: =it.name }', '=v.name', ['Elm', 'Oak', 'Yew']),
  lookup('in falling order', '{ all: visits, match: { student_id: =id }, order: =-it.id }', '=v.id', [3, 2, 1]),
  lookup('in an order with blanks', '{ all: visits, match: { student_id: =id }, order: =it.day }', '=v.id', [2, 1, 3]),
  lookup(
    'in the order of true and false',
    '{ all: visits, match: { student_id: =id }, order: =it.open }',
    '=v.id',
    [2, 1, 3],
  ),
  lookup('in the order of the key', '{ all: visits, match: { student_id: =id } }', '=v.id', [1, 2, 3]),
  lookup(
    'the last of a list',
    '{ all: visits, match: { student_id: =id }, order: =it.hours, take: last }',
    '=v.hours',
    [2],
  ),
  lookup(
    'the last, which is no blank',
    '{ all: visits, match: { student_id: =id }, order: =it.day, take: last }',
    '=v.id',
    [1],
  ),
  lookup(
    'the first, which is no blank',
    '{ all: visits, match: { student_id: =id }, order: =it.day, take: first }',
    '=v.id',
    [2],
  ),
  lookup(
    'the last of blanks alone',
    '{ all: students, match: {}, order: "=if(it.id > 9, 1)", take: last }',
    '=v.id',
    [3],
  ),
  lookup(
    'narrowed by several conditions',
    '{ all: visits, match: {}, where: [=it.hours > 1, =it.student_id = id] }',
    '=v.id',
    [1, 2],
  ),
  lookup('narrowed by columns of the row', '{ all: visits, match: {}, where: =it.hours < mark - 1 }', '=v.id', [3]),
  lookup('of a rule', '{ in: orgs.school, key: =school_id }', '=v.name', 'Oak'),
  lookup('of the members of a list', '{ all: =tags, where: =it != "b" }', '=v', ['a', 'a']),
  lookup('of the groups of a list', '{ all: =races, where: =it.share > 0, order: =it.share, take: first }', '=v.code', [
    'b',
  ]),
  [
    'each may use those above it',
    `with:
  school: { in: schools, key: =school_id }
  alike: { all: schools, match: { number: =school.number } }
  visits: { all: visits, match: { school_id: =alike.id } }
metadata: { v: =visits.id, n: =alike.name }`,
    { metadata: { v: [2], n: ['Oak'] } },
  ],
]

const trip = (text: string, value: unknown): Form => [
  text,
  `with: { trip: { in: trips, match: { student_id: =id } } }\nmetadata:\n  v: ${text}`,
  { metadata: { v: value } },
]

export const PATHS: readonly Form[] = [
  trip('=trip.legs.name', ['out', 'back']),
  trip('=trip.legs.at.place', ['P']),
  trip('=trip.legs.stops.place', ['p1', 'p2', 'p3']),
  trip('=trip.legs.stops.days', ['2026-01-01', '2026-01-02', '2026-01-03']),
  trip('=count(trip.legs.stops)', 3),
  trip('="p3" in trip.legs.stops.place', true),
  trip('=year(trip.legs.stops.days)', [2026, 2026, 2026]),
  trip('=sort(trip.numbers)', [1, 2, 3]),
  trip('{ each: =trip.legs.stops, as: stop, value: =stop.place }', ['p1', 'p2', 'p3']),
  trip('{ each: =trip.legs, as: leg, where: =count(leg.stops) > 1, value: =leg.name }', ['out']),
  trip('{ each: =trip.legs, as: leg, where: ="p3" in leg.stops.place, value: =leg.name }', ['back']),
  trip(
    '{ each: =trip.legs, as: leg, value: { n: =leg.name, s: { each: =leg.stops, as: stop, value: { p: =stop.place, d: =stop.days } } } }',
    [
      { n: 'out', s: [{ p: 'p1', d: ['2026-01-01', '2026-01-02'] }, { p: 'p2' }] },
      { n: 'back', s: [{ p: 'p3', d: ['2026-01-03'] }] },
    ],
  ),
]
