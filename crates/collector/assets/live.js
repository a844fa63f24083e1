// Adds messages to the table as they arrive. The page works without it.
(() => {
  const MOST = 200;
  const state = document.getElementById('state');
  const body = document.querySelector('#live tbody');
  if (!state || !body || !window.EventSource) return;
  const source = new EventSource(state.dataset.events);
  const cell = (row, text) => {
    const td = row.insertCell();
    td.textContent = text;
    return td;
  };
  source.onopen = () => { state.textContent = 'New messages are added as they arrive.'; };
  source.onerror = () => {
    const ended = source.readyState === EventSource.CLOSED;
    state.textContent = ended ? 'The connection has ended. Load the page again.' : 'The connection is lost; trying again.';
  };
  source.onmessage = (event) => {
    const message = JSON.parse(event.data);
    const empty = document.getElementById('empty');
    if (empty) empty.remove();
    const row = body.insertRow(0);
    cell(row, message.time);
    const tag = document.createElement('span');
    tag.className = message.outcome.startsWith('rejected') ? 'tag bad' : 'tag';
    tag.textContent = message.outcome;
    cell(row, '').append(tag);
    cell(row, [message.event, message.hint].filter(Boolean).join(' '));
    cell(row, message.who);
    cell(row, message.id);
    while (body.rows.length > MOST) body.deleteRow(-1);
  };
})();
