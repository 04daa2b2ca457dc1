// What the fuzz begins with: small mapping texts that between them have every form of the language.
import { field, rule } from './diagnostic-cases.ts'
import { fieldsLayer, ruleLayer, STUDENTS } from './overlay-support.ts'

/** Rules and sources to lie beside BASE, each a whole file. */
export const FILES: readonly string[] = [
  STUDENTS,
  rule(`      where:
        - =active and not (born is blank)
        - =mark >= 2.5 or name.last in ["Li", "Ng"]
      with:
        school: { in: orgs.school, key: =school_id, missing: blank }
        mates: { all: students, match: { school_id: =school_id, active: true }, where: =it.id != id, order: =it.id, take: last }
        codes: { all: =races, where: =it.share > 0.5 }
        first_code: { all: =codes.code }
      fields:
        username: >-
          =join(".", lower(name.first),
            "x""y")
        score: =round(mark * 2 - 1 / 3)
        born: =born
        grades: { each: =codes, as: race, where: =race.share > 0, value: =race.code }
        agents: { refs: users.student, match: { school_id: =school_id }, where: =it.id != id, order: =it.mark }
        role: { choose: [{ when: =mark > 3, then: '=code("role", "T")' }, { else: student }] }
`),
  `entities:
  orgs:
    district:
      from: schools
      one_per: =number
      order: =id
      id: district
      fields:
        name: 'Oak''s "District"'
        type: district
        children: { inverse: [orgs.branch.parent], where: =it.id > 0, order: =it.id }
    branch:
      from: schools
      enabled: true
      id: ="branch" & text(id)
      fields:
        name: "Branch \\u0041\\
          long"
        parent: { ref: orgs.district, match: {}, order: =it.id, take: first }
      examples:
        - it: names a branch
          row: { id: 3, name: Elm }
          given: { schools: [{ id: 4 }], settings: { domain: x }, today: 2026-01-02 }
          gives: { sourcedId: branch3, name: Branch A long, parent: null }
        - it: leaves out
          row: {}
          gives: nothing
`,
  `tables:
  codes: { 01: one, 02: two, otherwise: same }
sources:
  kids:
    key: id
    fields:
      id: integer
      name: { first: text }
      school_id: integer
      changed_at: date
      u_kids_x: { gifted: boolean }
    rest: { get: "/ws/school/{orgs.school.id}/kids", q: "year=={settings.start_year}", expand: [a, b], extend: [u_kids_x], rows: kids.kid }
    powerquery:
      core: students
      sql: |
        select s.dcid id, s.first_name first, h.dcid school_id,
               to_char(s.transaction_date, 'YYYY-MM-DD') changed_at
        from students s
        left join schools h on h.school_number = s.schoolid
        where s.year = :start_year and (s.x in (1, 2) or not exists (select 1 from cc c where c.id = s.id))
        order by s.dcid
      args:
        start_year: { is: settings.start_year, column: STUDENTS.YEAR }
      columns:
        id: STUDENTS.DCID
        name.first: STUDENTS.FIRST_NAME
        school_id: SCHOOLS.DCID
        changed_at: STUDENTS.TRANSACTION_DATE
      within: { school_id: orgs.school.id }
      changed: changed_at
      extend: { u_kids_x: { studentsdcid: id } }
    when: settings.extras
settings: { extras: false, years: [1, 2] }
entities:
  users:
    kid:
      from: kids
      id: =id & ""
      fields: { username: '=code("codes", name.first)', enabledUser: =u_kids_x.gifted is not blank }
`,
  field('username: =if(active, upper(name.first), first(name.last, settings.domain))'),
  field('grades: =sort(distinct(split(name.last, ";")))'),
]

/** Layers over BASE and STUDENTS. */
export const LAYERS: readonly string[] = [
  fieldsLayer('username: =first(upper(name.last), inherited)', 'grades: [=inherited, "y"]', 'role: null'),
  ruleLayer(
    'where: [=inherited, =mark > 1]',
    'with: { school: { in: orgs.school, key: =other_id }, extra: { all: =races } }',
    'metadata: { kind: { group: b, note: z } }',
    'examples: [{ it: works, row: { id: 1 }, gives: nothing }]',
  ),
  `extends: default
settings: { domain: other.org, numbers: null }
tables: { role: { S: teacher, X: aide } }
sources:
  students:
    fields: { u_more: { flag: boolean, note: text }, tags: null }
    rest: { extend: [u_more] }
entities:
  orgs: { school: { where: '=not (number in [1, 2])' } }
  users:
    student:
      fields: { username: =u_more.note & "@" & settings.domain }
      metadata: { flag: =u_more.flag, kind: { note: =inherited } }
    second:
      from: students
      id: ="second" & id
      fields: { org: { ref: orgs.school, key: =school_id } }
`,
]
