-- One row a person.
SELECT
    profiles.person_id,
    profiles.first_name,
    profiles.last_name,
    profiles.email,
    profiles.phone,
    profiles.street,
    profiles.postcode,
    order_features.n_orders,
    order_features.gross_cents,
    order_features.net_cents,
    order_features.first_order_ts,
    order_features.last_order_ts,
    order_features.spend_30d,
    order_features.spend_90d,
    order_features.spend_365d,
    order_features.aov_cents,
    order_features.return_rate,
    order_features.distinct_products,
    order_features.cat1,
    order_features.cat2,
    order_features.cat3,
    event_features.n_events,
    event_features.n_sessions,
    event_features.sessions_30d,
    event_features.carts,
    event_features.active_days,
    event_features.last_event_ts
FROM customer.profiles
LEFT JOIN customer.order_features ON order_features.person_id = profiles.person_id
LEFT JOIN customer.event_features ON event_features.person_id = profiles.person_id
