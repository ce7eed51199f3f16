namespace DaprShop.Web.Api;

public sealed class InventoryClient(Caller caller)
{
    public Task<Answer<StockView>> StockAsync(string productId) => caller.GetAsync<StockView>("inventory", One(productId));

    public Task<Answer<StockView>> CountAsync(string productId, int onHand) =>
        caller.SendAsync<StockView>("inventory", HttpMethod.Put, One(productId), new { onHand });

    private static string One(string productId) => $"api/inventory/{Uri.EscapeDataString(productId)}";
}
