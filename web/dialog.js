// The dialog that starts a conversation: one person, or several as a group.
import { byId } from './dom.js';

export function newConversationDialog({ startDirect, startGroup, explain }) {
  const dialog = byId('new-dialog'), people = byId('people'), groupName = byId('group-name');
  const groupFields = byId('group-fields'), problem = byId('new-problem');
  const named = () => [...new Set(people.value.split(',').map((id) => id.trim()).filter(Boolean))];

  function fit() {
    const isGroup = named().length > 1;
    groupFields.hidden = !isGroup;
    groupName.required = isGroup;
  }

  people.addEventListener('input', fit);
  byId('new-cancel').addEventListener('click', () => dialog.close());
  byId('new-form').addEventListener('submit', async (event) => {
    event.preventDefault();
    problem.textContent = '';
    const ids = named();
    if (!ids.length) return;
    try {
      await (ids.length > 1 ? startGroup({ name: groupName.value.trim(), memberIds: ids }) : startDirect(ids[0]));
      dialog.close();
    } catch (error) {
      problem.textContent = explain(error);
    }
  });

  return {
    open() {
      people.value = groupName.value = problem.textContent = '';
      fit();
      dialog.showModal();
      people.focus();
    },
  };
}
