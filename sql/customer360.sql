-- One row a person: who they are, what they agreed to, and what is known of them.
--
-- A pure function of the person's own rows, so that only touched persons are published anew. What ages
-- by itself stays out (customer.rfm has recency_days): it would change every row every day, and
-- last_order_at says the same. NULL in a feature: the person never had an order line or a web event.
SELECT
    profiles.person_id,
    profiles.first_name,
    profiles.last_name,
    profiles.birth_date,
    profiles.email,
    profiles.emails,
    profiles.phone,
    profiles.phones,
    profiles.street,
    profiles.suburb,
    profiles.postcode,
    profiles.state,
    profiles.loyalty_tier,
    household_members.household_id,
    consent_status.email_marketing,
    consent_status.sms_marketing,
    consent_status.profiling,
    order_features.first_order_at,
    order_features.last_order_at,
    order_features.orders,
    order_features.orders_30_days,
    order_features.orders_90_days,
    order_features.orders_365_days,
    order_features.cancellations,
    order_features.gross_revenue,
    order_features.returned_revenue,
    order_features.net_revenue,
    order_features.spend_30_days,
    order_features.spend_90_days,
    order_features.spend_365_days,
    order_features.average_order_value,
    order_features.return_rate,
    order_features.units,
    order_features.products,
    order_features.favourite_channel,
    session_features.last_event_at,
    session_features.devices,
    session_features.sessions_30_days,
    session_features.page_views_30_days,
    session_features.products_viewed_30_days,
    session_features.cart_additions_30_days,
    rfm.recency_score,
    rfm.frequency_score,
    rfm.monetary_score,
    rfm.segment AS rfm_segment
FROM customer.profiles
LEFT JOIN customer.household_members
    ON household_members.person_id = profiles.person_id
LEFT JOIN customer.consent_status
    ON consent_status.person_id = profiles.person_id
LEFT JOIN customer.order_features
    ON order_features.person_id = profiles.person_id
LEFT JOIN customer.session_features
    ON session_features.person_id = profiles.person_id
LEFT JOIN customer.rfm
    ON rfm.person_id = profiles.person_id
