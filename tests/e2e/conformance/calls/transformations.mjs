// Transformations and their executions.
const fresh = async (world) => ({ ids: [(await world.transformation()).id] });

export const calls = {
  getTransformations: async (world) => ({ query: { name: (await world.transformation()).name } }),
  getTransformationsCount: () => ({}),
  createTransformation: (world) => ({ body: { name: world.name('change'), code: 'c', env: { A: '1' } } }),
  upsertTransformation: (world) => ({ body: { name: world.name('change'), code: 'c' } }),
  getTransformation: fresh,
  updateTransformation: async (world) => ({ ...await fresh(world), body: { code: 'd', env: {} } }),
  deleteTransformation: fresh,
  testTransformation: () => ({ body: { code: 'addHandler("transform", (request) => request);', request: { headers: { a: 'b' }, body: { a: 1 } } } }),
  getTransformationExecutions: async (world) => ({ ids: [(await execution(world)).transformation] }),
  getTransformationExecution: async (world) => {
    const { transformation, id } = await execution(world);
    return { ids: [transformation, id] };
  },
};

// The API alone makes none.
async function execution(world) {
  const { request, connection } = await world.delivered();
  const transformation = await world.transformation();
  const key = world.keyOf(transformation.id) + 1n;
  world.sql('INSERT INTO execution(id, project_id, transformation_id, connection_id, request_id, issue_id, log_level, created_at, logs) '
    + `VALUES(${key}, ${[transformation.team_id, transformation.id, connection.id, request.id].map(world.keyOf)}, 0, 1, ${Date.now()}, '[]')`);
  return { transformation: transformation.id, id: world.idOf('exe', key) };
}
