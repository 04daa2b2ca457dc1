// A mapping over BASE with every key and every form of the language, and a layer over it.

export const FORMS = `settings:
  with_kids: false
  name_by: { is: first, one_of: [first, last] }
  also: [1, 2]
sources:
  kids:
    key: id
    fields: { id: integer, name: text, school_id: integer, changed_at: date, room: { places: [{ name: text }] }, u_kids_x: { gifted: boolean } }
    rest: { get: "/ws/school/{orgs.school.id}/kid", q: "year=={settings.start_year}", expand: [a, b], extend: u_kids_x, rows: kids }
    powerquery:
      core: students
      args: { start_year: { is: settings.start_year, column: STUDENTS.YEAR } }
      sql: |
        select s.dcid id, s.first_name name, s.schoolid school_id, to_char(s.transaction_date, 'YYYY-MM-DD') changed_at
        from students s
        where s.year = :start_year
        order by s.dcid
      columns: { id: STUDENTS.DCID, name: STUDENTS.FIRST_NAME, school_id: STUDENTS.SCHOOLID, changed_at: STUDENTS.TRANSACTION_DATE }
      within: { school_id: orgs.school.id }
      changed: changed_at
      extend: { u_kids_x: { studentsdcid: id } }
    when: settings.with_kids
tables:
  mark: { 1: good, 02: fair, otherwise: same }
entities:
  users:
    off: { from: students, id: x, enabled: false, fields: { role: nonsense } }
    kid:
      from: kids
      create_only: [username]
      id: ="kid" & id
      fields: { username: =name, enabledUser: true, score: 1.5, born: 2020-02-02, agents: [{ ref: users.student, key: =school_id }] }
    student:
      from: students
      create_only: username
      one_per: =other_id
      order: =id
      where: [=active, =mark > 1]
      with:
        school: { in: orgs.school, key: =school_id }
        peer: { in: students, match: { school_id: =school_id, other_id: '=[id, 7]' }, where: =it.mark > 1, order: =it.id, take: last, missing: blank }
        peers: { all: students, match: {}, where: [=it.active, =it.mark > 1] }
        races_found: { all: =races, where: =it.share > 0, order: =it.code, take: first }
      id: ="stu" & id
      fields:
        username: =if(settings.name_by = "first", name.first, name.last)
        enabledUser: =active
        role: { choose: [{ when: =active, then: student }, { when: =mark > 3, then: '=code("role", "T")' }, { else: aide }] }
        score: =mark
        born: =born
        grades: [=name.first, x, 7, { each: =tags, as: tag, where: =tag != "", value: =tag }]
        userIds:
          each: =races
          as: race
          where: [=race.share > 0, =race.code != ""]
          value: { type: Local, identifier: =race.code }
        org: { ref: orgs.school, key: =school_id }
        orgs:
          - { ref: orgs.school, match: { id: =school_id }, where: =it.number > 1, order: =it.id, take: first }
          - { refs: orgs.school, match: {}, order: =it.id }
        agents: { inverse: users.kid.agents, where: =it.school_id > 0, order: =it.id }
      metadata:
        kind: { group: a, note: =name.last, list: [[a], { b: c }] }
        more: { choose: [{ when: =active, then: [a, b] }] }
      examples:
        - it: maps a student
          row: { id: 7, school_id: 3, active: true, mark: 2, name: { first: Ada } }
          given: { schools: [{ id: 3, name: Oak }], settings: { name_by: first }, today: 2026-10-01, published: { username: ada } }
          gives: { username: ada, score: null }
        - { it: leaves out, row: { id: 8 }, gives: nothing }
`

export const LAYER_FORMS = `extends: default
settings:
  name_by: last
  also: [=inherited, 3]
  motto: Go
sources:
  kids:
    fields: { u_kids_x: { gifted: boolean, card: text }, room: { places: null } }
    rest: { expand: [=inherited, lunch], extend: [u_kids_x] }
    powerquery: { extend: { u_kids_x: { studentsdcid: id } }, changed: null }
tables:
  mark: { 1: null, 2: 3, otherwise: blank }
entities:
  orgs:
    school:
      where: [=number != 7]
      fields:
        children: { inverse: [orgs.school.parent], order: =it.id }
        parent: { ref: orgs.school, key: =number }
  users:
    off: null
    kid: { enabled: true }
    student:
      create_only: [username, id]
      where: [=inherited, =id > 0]
      with:
        school: { missing: blank, key: =other_id }
        peers: null
        twin: { in: students, key: =other_id, missing: blank }
      fields:
        username: =first(twin.name.first, inherited)
        grades: [=inherited, y]
        userIds: { value: { type: null } }
        org: { key: =other_id }
        role: { choose: [{ when: =mark > 1, then: =inherited }, { else: aide }] }
        orgs: [=inherited, { ref: orgs.school, key: =school_id }]
      metadata:
        kind: { note: null, also: x }
        more: =inherited
`
