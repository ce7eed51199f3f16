using DaprShop.Contracts;
using Microsoft.AspNetCore.WebUtilities;

namespace DaprShop.Web.Api;

/// <summary>Orders, and what payment and shipping know of them.</summary>
public sealed class OrdersClient(Caller caller)
{
    /// <param name="order">What is ordered.</param>
    /// <param name="idempotencyKey">The same key makes one order, however often it is sent.</param>
    public Task<Answer<OrderView>> PlaceAsync(PlaceOrder order, string idempotencyKey) =>
        caller.SendAsync<OrderView>("ordering", HttpMethod.Post, "api/orders", order, ("Idempotency-Key", idempotencyKey));

    /// <param name="page">From 1.</param>
    /// <param name="all">Everybody's, for staff.</param>
    /// <param name="status">Only those with this status.</param>
    public Task<Answer<Page<OrderView>>> ListAsync(int page, bool all = false, string? status = null)
    {
        var query = new Dictionary<string, string?> { ["page"] = $"{page}", ["pageSize"] = "20" };
        if (all) query["all"] = "true";
        if (!string.IsNullOrEmpty(status)) query["status"] = status;
        return caller.GetAsync<Page<OrderView>>("ordering", QueryHelpers.AddQueryString("api/orders", query));
    }

    public Task<Answer<OrderView>> OrderAsync(string id) => caller.GetAsync<OrderView>("ordering", One(id));

    public Task<Answer<Items<OrderEventView>>> HistoryAsync(string id) =>
        caller.GetAsync<Items<OrderEventView>>("ordering", $"{One(id)}/history");

    public Task<Answer<OrderView>> CancelAsync(string id) => caller.SendAsync<OrderView>("ordering", HttpMethod.Post, $"{One(id)}/cancel");

    public Task<Answer<BasketView>> ReorderAsync(string id, string idempotencyKey) =>
        caller.SendAsync<BasketView>("ordering", HttpMethod.Post, $"{One(id)}/reorder", header: ("Idempotency-Key", idempotencyKey));

    public Task<Answer<PaymentView>> PaymentAsync(string id) =>
        caller.GetAsync<PaymentView>("payment", $"api/payments/{Uri.EscapeDataString(id)}");

    public Task<Answer<ShipmentView>> ShipmentAsync(string id) =>
        caller.GetAsync<ShipmentView>("shipping", $"api/shipments/{Uri.EscapeDataString(id)}");

    public Task<Answer<ShippingRates>> RatesAsync(string country, int weightGrams) =>
        caller.GetAsync<ShippingRates>("shipping", $"api/shipping/rates?country={Uri.EscapeDataString(country)}&weight={weightGrams}");

    public Task<Answer<Page<NotificationView>>> NotificationsAsync(int page) =>
        caller.GetAsync<Page<NotificationView>>("notification", $"api/notifications?page={page}&pageSize=20");

    private static string One(string id) => $"api/orders/{Uri.EscapeDataString(id)}";
}
