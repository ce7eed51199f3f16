using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace DaprShop.Bench;

/// <summary>
/// A member who orders one to three products and waits for the shop to confirm. Only an order that is confirmed in the answer counts;
/// one that is rejected, or still under way when the wait is over, is an error.
/// </summary>
public sealed class Checkout : IOperation
{
    public const string OperationName = "checkout";

    private readonly HttpClient _http;
    private readonly IReadOnlyList<string> _products;
    private readonly Random _random;

    public Checkout(Uri url, string token, IReadOnlyList<string> products, Random random)
    {
        _http = ShopApi.NewClient(url);
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        _http.DefaultRequestHeaders.Add("Prefer", "wait=30");
        _products = products;
        _random = random;
    }

    public string Name => OperationName;

    public async ValueTask<string?> RunAsync(CancellationToken cancellation)
    {
        using var request = Request(_products, _random);
        try
        {
            using var response = await _http.SendAsync(request, cancellation);
            if (!response.IsSuccessStatusCode) return $"{(int)response.StatusCode}";
            var order = await response.Content.ReadFromJsonAsync<JsonElement>(cancellation);
            var status = order.GetProperty("status").GetString()!;
            if (status == "confirmed") return null;
            return order.TryGetProperty("reason", out var reason) ? $"{status}: {reason}" : $"{(int)response.StatusCode} {status}";
        }
        catch (HttpRequestException error)
        {
            return error.HttpRequestError.ToString();
        }
        catch (Exception error) when (error is JsonException or OperationCanceledException && !cancellation.IsCancellationRequested)
        {
            return error.GetType().Name;
        }
    }

    public void Dispose() => _http.Dispose();

    /// <summary>An order of one to three different products, with an idempotency key of its own.</summary>
    public static HttpRequestMessage Request(IReadOnlyList<string> products, Random random)
    {
        var first = random.Next(products.Count);
        var lines = Math.Min(random.Next(1, 4), products.Count);
        return new HttpRequestMessage(HttpMethod.Post, "api/orders")
        {
            Headers = { { "Idempotency-Key", Guid.NewGuid().ToString() } },
            Content = JsonContent.Create(new
            {
                items = Enumerable.Range(first, lines)
                    .Select(i => new { productId = products[i % products.Count], quantity = random.Next(1, 3) }),
                shippingAddress = new
                {
                    recipient = "Bench Member",
                    line1 = "1 Measure Street",
                    city = "Springfield",
                    postalCode = "12345",
                    country = "US",
                },
                shippingMethod = "standard",
                paymentToken = "tok_ok",
            }),
        };
    }
}
