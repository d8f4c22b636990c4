import { camelCase, parseName } from './names.ts';

test.each([
  ['billing', 'billing', 'Billing', 'billing'],
  ['user-profile', 'user-profile', 'UserProfile', 'userProfile'],
  ['UserProfile', 'user-profile', 'UserProfile', 'userProfile'],
  ['user_profile', 'user-profile', 'UserProfile', 'userProfile'],
  ['HTTPClient', 'http-client', 'HttpClient', 'httpClient'],
  ['BillingService', 'billing', 'Billing', 'billing'],
  ['Service', 'service', 'Service', 'service'],
  ['größe2x', 'größe2x', 'Größe2x', 'größe2x'],
])('%s', (text, kebab, pascal, camel) => {
  expect(parseName(text, 'service')).toEqual({ kebab, pascal, camel, folders: [] });
});

test('folders come before the name', () => {
  expect(parseName('orders/refund/Item', 'service')).toMatchObject({ folders: ['orders', 'refund'], kebab: 'item' });
});

test.each([
  ['BillingService', 'billingService'],
  ['HTTPClient', 'httpClient'],
  ['ORDER_REPOSITORY', 'orderRepository'],
  ['Delete', 'delete_'],
])('a dependency %s is called %s', (name, camel) => {
  expect(camelCase(name)).toBe(camel);
});
