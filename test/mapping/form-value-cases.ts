// Every form of values and links, as form-cases.ts has those of formulas.
import type { Form } from './form-cases.ts'

const school = (...ids: readonly number[]) => ids.map((id) => ({ collection: 'orgs', sourcedId: `sch${id}` }))
const users = (...ids: readonly string[]) => ids.map((sourcedId) => ({ collection: 'users', sourcedId }))

/** The value of a field that takes a list of texts, of groups, of links; or one text. */
const grades = (name: string, written: string, value: readonly string[] | undefined): Form => [
  name,
  `fields:\n  grades: ${written}`,
  value === undefined ? {} : { fields: { grades: value } },
]
const userIds = (name: string, written: string, value: readonly (readonly [string, string])[]): Form => [
  name,
  `fields:\n  userIds: ${written}`,
  value.length === 0 ? {} : { fields: { userIds: value.map(([type, identifier]) => ({ type, identifier })) } },
]
const orgs = (name: string, written: string, ...ids: readonly number[]): Form => [
  name,
  `with:\n  visits: { all: visits, match: { student_id: =id }, order: =it.day }\nfields:\n  orgs: ${written}`,
  ids.length === 0 ? {} : { fields: { orgs: school(...ids) } },
]
const org = (name: string, written: string, id?: number): Form => [
  name,
  `fields:\n  org: ${written}`,
  id === undefined ? {} : { fields: { org: school(id)[0] } },
]
const username = (name: string, written: string, value?: string): Form => [
  name,
  `fields:\n  username: ${written}`,
  value === undefined ? {} : { fields: { username: value } },
]

const CASES = (first: string) =>
  `\n    choose:\n      - { when: =${first}, then: =name.last }\n      - { when: =active, then: second }\n      - { else: last }`

export const VALUES: readonly Form[] = [
  [
    'a constant of each type',
    'fields: { username: 007, enabledUser: true, score: 2.5, born: 2011-02-03, role: student }',
    {
      fields: { username: '007', enabledUser: true, score: 2.5, born: '2011-02-03', role: 'student' },
    },
  ],
  username('a constant that is nothing', '""'),
  username('a choose: the first case that holds', CASES('mark > 1'), 'Li'),
  username('a choose: the next one', CASES('mark > 9'), 'second'),
  username('a choose: blank counts as false', CASES('races.share is blank and mark > other_id'), 'second'),
  username('a choose: a blank value does not go on', CASES('id = 1').replace('=name.last', '""')),
  username('a choose with no case that holds', '{ choose: [{ when: =id = 9, then: a }] }'),
  username(
    'a choose in a choose',
    '{ choose: [{ when: =active, then: { choose: [{ when: =id = 9, then: a }, { else: b }] } }] }',
    'b',
  ),
  org(
    'a choose of links',
    '{ choose: [{ when: =mark > 9, then: { ref: orgs.school, key: 4 } }, { else: { ref: orgs.school, key: 5 } }] }',
    5,
  ),
  grades('a list: blanks vanish', '[x, "", =name.first, =text(mark), "=left(name.last, 0)"]', ['x', 'Ada', '2.5']),
  grades('a list: what gives a list is opened', '[01, =tags, x, =races.code]', [
    '01',
    'a',
    'b',
    'a',
    'x',
    'w',
    'b',
    'w',
  ]),
  grades('lists in a list', '[[x, =name.first], [[=tags], y]]', ['x', 'Ada', 'a', 'b', 'a', 'y']),
  grades(
    'a choose of one or several as an item',
    '[x, { choose: [{ when: =active, then: =tags }, { else: =name.first }] }]',
    ['x', 'a', 'b', 'a'],
  ),
  grades(
    'a choose of several or one as an item',
    '[x, { choose: [{ when: =not active, then: =tags }, { else: =name.first }] }]',
    ['x', 'Ada'],
  ),
  grades(
    'each in each',
    '{ each: "=distinct(tags)", as: t, value: { each: =tags, as: u, where: =u != "a", value: =t & u } }',
    ['ab', 'bb'],
  ),
  grades('each of a list', '{ each: =races, as: r, where: =r.share > 0.3, value: [=r.code, x, =tags] }', [
    'w',
    'x',
    'a',
    'b',
    'a',
  ]),
  grades('an empty list', '[]', undefined),
  grades('each', '{ each: =tags, as: tag, value: =upper(tag) }', ['A', 'B', 'A']),
  grades(
    'each with a choose',
    '{ each: =tags, as: t, value: { choose: [{ when: =t = "a", then: A }, { else: =t }] } }',
    ['A', 'b', 'A'],
  ),
  grades('each as an item', '[x, { each: =tags, as: tag, where: =tag != "b", value: =tag }, y]', ['x', 'a', 'a', 'y']),
  userIds(
    'groups: one without a required member vanishes',
    '[{ type: a, identifier: =text(id) }, { type: b, identifier: "=left(name.last, 0)" }]',
    [['a', '1']],
  ),
  userIds('groups that all vanish', '[{ type: b, identifier: "=left(name.last, 0)" }]', []),
  userIds(
    'a group of chosen members',
    '[{ type: { choose: [{ when: =active, then: t }] }, identifier: { choose: [{ else: =name.last }] } }]',
    [['t', 'Li']],
  ),
  userIds('a chosen group', '[{ choose: [{ when: =active, then: { type: a, identifier: b } }] }]', [['a', 'b']]),
  userIds(
    'each over groups',
    '{ each: =races, as: r, where: [=r.share > 0.1, =r.code != "b"], value: { type: =r.code, identifier: =text(r.share) } }',
    [['w', '0.5']],
  ),
  [
    'each over rows that a lookup found',
    'with: { found: { all: visits, match: { student_id: =id } } }\nfields:\n  userIds: { each: =found, as: f, where: =f.open, value: { type: =f.kind, identifier: =text(f.id) } }',
    {
      fields: { userIds: [{ type: 'x', identifier: '1' }] },
    },
  ],
  [
    'metadata: single values, lists and groups',
    'metadata: { a: 1, b: x, c: true, d: [1, x], e: { f: 1, g: { h: [=name.first] } }, "i.j": =mark }',
    {
      metadata: { a: 1, b: 'x', c: true, d: [1, 'x'], e: { f: 1, g: { h: ['Ada'] } }, 'i.j': 2.5 },
    },
  ],
  [
    'metadata: numbers that are no numbers stay as written',
    'metadata: { a: 01, b: 12345678901234567890, c: 1.50, d: 12, e: [007] }',
    { metadata: { a: '01', b: '12345678901234567890', c: '1.50', d: 12, e: ['007'] } },
  ],
  [
    'metadata: groups with words of the language',
    'metadata: { v: { key: 1, match: 2, where: x, value: y, as: z, when: t } }',
    {
      metadata: { v: { key: 1, match: 2, where: 'x', value: 'y', as: 'z', when: 't' } },
    },
  ],
  [
    'metadata: what is empty vanishes',
    'metadata: { a: {}, b: [], c: { d: [], e: "" }, f: [{ g: "=left(name.last, 0)" }], h: { i: 1, j: "" } }',
    {
      metadata: { h: { i: 1 } },
    },
  ],
  [
    'metadata: an each in a group in a list',
    'metadata: { v: [{ list: { each: =races, as: r, value: { code: =r.code, share: =r.share } } }] }',
    {
      metadata: { v: [{ list: [{ code: 'w', share: 0.5 }, { code: 'b', share: 0.25 }, { code: 'w' }] }] },
    },
  ],
]

export const LINKS: readonly Form[] = [
  org('ref by key', '{ ref: orgs.school, key: =school_id }', 3),
  org('ref by a constant key', '{ ref: orgs.school, key: 4 }', 4),
  org('ref by a key that is not there', '{ ref: orgs.school, key: 99 }'),
  org('ref by a key, narrowed', '{ ref: orgs.school, key: =school_id, where: =it.number = 103 }', 3),
  org('ref by a key, narrowed away', '{ ref: orgs.school, key: =school_id, where: =it.number = 104 }'),
  org('ref by a column', '{ ref: orgs.school, match: { number: 104 }, order: =it.name, take: last }', 5),
  org('ref by a condition', '{ ref: orgs.school, match: {}, where: =it.number > 103 }', 4),
  orgs('refs of all', '{ refs: orgs.school, match: {}, order: =it.name }', 4, 3, 5),
  orgs('refs by key', '{ refs: orgs.school, key: =school_id }', 3),
  orgs('refs by a column', '{ refs: orgs.school, match: { number: 104 } }', 4, 5),
  orgs('refs by any of a list', '{ refs: orgs.school, match: { id: =visits.school_id } }', 3, 4, 5),
  orgs(
    'refs where, in order',
    '{ refs: orgs.school, match: {}, where: =it.id in visits.school_id, order: =it.name }',
    4,
    3,
    5,
  ),
  orgs(
    'refs where, in order, the first',
    '{ refs: orgs.school, match: {}, where: =it.id > school_id, order: =-it.id, take: first }',
    5,
  ),
  orgs(
    'links as items: each comes once, those to nothing vanish',
    '[{ ref: orgs.school, key: 4 }, { ref: orgs.school, key: 99 }, { refs: orgs.school, match: { number: 104 } }, { ref: orgs.school, key: 3 }]',
    4,
    5,
    3,
  ),
  orgs('a link for each', '{ each: =visits, as: visit, value: { ref: orgs.school, key: =visit.school_id } }', 3, 4, 5),
  orgs(
    'a link for each, found by what it is',
    '{ each: =visits, as: visit, where: =visit.open, value: { ref: orgs.school, match: {}, where: =it.id = visit.school_id } }',
    4,
  ),
  orgs(
    'links for each',
    '{ each: =visits, as: visit, where: =visit.open, value: { refs: orgs.school, match: { number: 104 } } }',
    4,
    5,
  ),
  orgs(
    'a choose of lists as an item',
    '[{ ref: orgs.school, key: 5 }, { choose: [{ when: =active, then: { refs: orgs.school, match: {} } }] }]',
    5,
    3,
    4,
  ),
  orgs(
    'a choose of lists',
    '{ choose: [{ when: =active, then: { refs: orgs.school, match: {} } }, { else: [{ ref: orgs.school, key: 3 }] }] }',
    3,
    4,
    5,
  ),
]

/** With a rule `users.visit` beside it, whose `agents` are the student of the visit. */
const inverse = (name: string, written: string, ...ids: readonly string[]): Form => [
  name,
  `fields:\n  agents: ${written}`,
  { fields: { agents: users(...ids) } },
]

export const INVERSES: readonly Form[] = [
  inverse('inverse', '{ inverse: users.visit.agents }', 'v1', 'v2', 'v3'),
  inverse('inverse in order', '{ inverse: users.visit.agents, order: =it.day }', 'v2', 'v1', 'v3'),
  inverse('inverse where', '{ inverse: users.visit.agents, where: =it.open is not blank, order: =-it.id }', 'v2', 'v1'),
  inverse(
    'inverse where, with columns of the row',
    '{ inverse: users.visit.agents, where: =it.school_id != school_id }',
    'v1',
    'v3',
  ),
  inverse(
    'inverse where, with lookups of the other rule',
    '{ inverse: users.visit.agents, where: =it.school.name = "Oak" }',
    'v2',
  ),
  inverse('inverse of two rules', '{ inverse: [users.visit.agents, users.guide.agents] }', 'g1', 'v1', 'v2', 'v3'),
  inverse(
    'inverse as an item',
    '[{ inverse: users.guide.agents }, { ref: users.student, key: =other_id }]',
    'g1',
    'stu2',
  ),
  inverse('inverse in a choose', '{ choose: [{ when: =active, then: { inverse: users.guide.agents } }] }', 'g1'),
]

/** Rules of visits, a record for each student; what becomes of the visits of the student 1. */
export const GROUPED: readonly Form[] = [
  [
    'the first row by order',
    'order: =day\nfields: { username: =kind, score: =hours }',
    { fields: { username: 'y', score: 1.5 } },
  ],
  ['the first row by key', 'fields: { username: =kind }', { fields: { username: 'x' } }],
  [
    'rows',
    'order: =day\nmetadata: { kinds: =rows.kind, days: =rows.day, n: =count(rows) }',
    {
      metadata: { kinds: ['y', 'x', 'x'], days: ['2026-09-01', '2026-09-02'], n: 3 },
    },
  ],
  ['rows in where', 'where: ="y" in rows.kind', {}],
  ['the first row in where', 'where: =kind = "y"', 'nothing'],
  [
    'rows in a lookup',
    'with:\n  schools: { all: schools, match: { id: =rows.school_id } }\n  long: { all: =rows, where: =it.hours > 1, order: =it.hours }\nmetadata: { s: =schools.name, l: =long.kind }',
    {
      metadata: { s: ['Oak', 'Elm', 'Yew'], l: ['y', 'x'] },
    },
  ],
  [
    'rows in an each',
    'order: =day\nfields:\n  orgs: { each: =rows, as: row, value: { ref: orgs.school, key: =row.school_id } }',
    {
      fields: { orgs: school(3, 4, 5) },
    },
  ],
  [
    'an order that asks a lookup',
    'with: { school: { in: schools, key: =school_id, missing: blank } }\norder: =school.name\nfields: { username: =school.name }',
    {
      fields: { username: 'Elm' },
    },
  ],
]
