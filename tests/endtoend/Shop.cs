using System.Net;
using System.Net.Http.Headers;
using DaprShop.Contracts;
using DaprShop.Testing;

namespace DaprShop.EndToEnd.Tests;

/// <summary>A running shop, seen through its gateway only.</summary>
/// <param name="url">The gateway's address.</param>
/// <param name="staffPassword">Of <c>staff@daprshop.example</c>.</param>
public sealed class Shop(Uri url, string staffPassword) : IDisposable
{
    public const string StaffEmail = "staff@daprshop.example";
    public const string Password = "correct horse battery";

    private readonly SocketsHttpHandler _connections = new() { UseProxy = false, AllowAutoRedirect = false, UseCookies = false };
    private readonly SemaphoreSlim _signingIn = new(1);
    private ShopClient? _staff;
    private ShopClient? _someone;

    public Uri Url { get; } = url;

    public string StaffPassword { get; } = staffPassword;

    public ShopClient Anonymous => new(Http());

    /// <summary>Somebody not signed in, with an empty basket.</summary>
    public ShopClient Guest(string? basketId = null)
    {
        var http = Http();
        http.DefaultRequestHeaders.Add("X-Basket-Id", basketId ?? Guid.NewGuid().ToString());
        return new ShopClient(http);
    }

    public ShopClient Bearer(string token, Credentials? credentials = null)
    {
        var http = Http();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return new ShopClient(http) { Credentials = credentials };
    }

    /// <summary>A member nobody else knows.</summary>
    public async Task<ShopClient> NewMemberAsync()
    {
        var credentials = await SignUpAsync();
        return Bearer((await SignInAsync(credentials.Email, credentials.Password)).AccessToken, credentials);
    }

    /// <summary>A member that tests share which do not look at the member's lists.</summary>
    public Task<ShopClient> SomeoneAsync() => OnceAsync(() => _someone, async () => _someone = await NewMemberAsync());

    public Task<ShopClient> StaffAsync() => OnceAsync(
        () => _staff, async () => _staff = Bearer((await SignInAsync(StaffEmail, StaffPassword)).AccessToken));

    public async Task<Credentials> SignUpAsync()
    {
        var email = "";
        var member = await PatientlyAsync(() =>
        {
            email = $"{Guid.NewGuid():N}@example.com";
            return Anonymous.PostAsync("/api/members", new { email, password = Password, displayName = "Ann" });
        }).ReadAsync<Dictionary<string, string>>(HttpStatusCode.Created);
        return new Credentials(member["id"], email, Password);
    }

    public Task<TokenDoc> SignInAsync(string email, string password) =>
        PatientlyAsync(() => Anonymous.PostAsync("/api/members/token", new { email, password })).ReadAsync<TokenDoc>();

    /// <summary>A product of the test's own, with stock.</summary>
    public async Task<ProductDoc> NewProductAsync(int stock = 100, long price = 1299, string? category = null)
    {
        var staff = await StaffAsync();
        var product = await PatientlyAsync(() => staff.PostAsync("/api/catalog/products", NewProduct(price, category)))
            .ReadAsync<ProductDoc>(HttpStatusCode.Created);
        await StockAsync(product.Id, stock);
        return product;
    }

    public static object NewProduct(long price = 1299, string? category = null) => new
    {
        id = $"test-{Guid.NewGuid():N}",
        name = "Test Kettle",
        description = "Boils.",
        category = category ?? "test-things",
        price = new Money(price, "USD"),
        weightGrams = 900,
    };

    public async Task<StockDoc> StockAsync(string productId, int onHand) =>
        await (await StaffAsync()).PutAsync($"/api/inventory/{productId}", new { onHand }).ReadAsync<StockDoc>();

    public Task<StockDoc> StockOfAsync(string productId) => Anonymous.GetAsync($"/api/inventory/{productId}").ReadAsync<StockDoc>();

    /// <summary>The stock once it is as told; it must not be so only by the way.</summary>
    public Task<StockDoc> UntilStockAsync(string productId, int onHand, int reserved) => Eventually.Async(
        () => StockOfAsync(productId), stock => stock.OnHand == onHand && stock.Reserved == reserved, $"{onHand} on hand, {reserved} reserved");

    public void Dispose()
    {
        _connections.Dispose();
        _signingIn.Dispose();
    }

    private HttpClient Http() =>
        new(new PatientHandler(_connections), disposeHandler: false) { BaseAddress = Url, Timeout = TimeSpan.FromMinutes(3) };

    private async Task<ShopClient> OnceAsync(Func<ShopClient?> known, Func<Task<ShopClient>> make)
    {
        await _signingIn.WaitAsync();
        try
        {
            return known() ?? await make();
        }
        finally
        {
            _signingIn.Release();
        }
    }

    /// <summary>
    /// Sign-up and sign-in are limited strictly; a test suite waits as it is told. So it does when somebody did not answer in time (see
    /// <see cref="PatientHandler"/>), for what is made anew each time, so that it does not matter what became of the one before.
    /// </summary>
    private static async Task<HttpResponseMessage> PatientlyAsync(Func<Task<HttpResponseMessage>> send)
    {
        for (var times = 0; ; times++)
        {
            var response = await send();
            var isBusy = response.StatusCode == HttpStatusCode.ServiceUnavailable && times < 10;
            if (response.StatusCode != HttpStatusCode.TooManyRequests && !isBusy) return response;
            await Task.Delay(response.Headers.RetryAfter!.Delta!.Value);
        }
    }
}
