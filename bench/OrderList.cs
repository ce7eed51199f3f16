using System.Net.Http.Headers;
using System.Text.Json;

namespace DaprShop.Bench;

/// <summary>A member who looks at the first page of their orders.</summary>
public sealed class OrderList : IOperation
{
    public const string OperationName = "orders";

    private readonly HttpClient _http;

    public OrderList(Uri url, string token)
    {
        _http = ShopApi.NewClient(url);
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    public string Name => OperationName;

    public async ValueTask<string?> RunAsync(CancellationToken cancellation)
    {
        try
        {
            return await TotalAsync(cancellation) > 0 ? null : "an empty list";
        }
        catch (Exception error) when (
            error is HttpRequestException or JsonException or OperationCanceledException && !cancellation.IsCancellationRequested)
        {
            return error.GetType().Name;
        }
    }

    /// <summary>How many orders the member has.</summary>
    public async Task<long> TotalAsync(CancellationToken cancellation)
    {
        using var response = await _http.GetAsync("api/orders?pageSize=20", cancellation);
        response.EnsureSuccessStatusCode();
        using var page = await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(cancellation), default, cancellation);
        return page.RootElement.GetProperty("total").GetInt64();
    }

    public void Dispose() => _http.Dispose();
}
