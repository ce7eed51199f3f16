using System.Net;
using System.Text;
using System.Text.Json;
using DaprShop.Contracts;

namespace DaprShop.EndToEnd.Tests;

public sealed class MembersTests(SharedShop shared)
{
    private readonly Shop _shop = shared.Shop;

    [Fact]
    public async Task Sign_up_answers_the_member_and_no_secret()
    {
        var email = $"{Guid.NewGuid():N}@example.com";

        var member = await _shop.Anonymous.PostAsync("/api/members", new { email, password = Shop.Password, displayName = "Ann" })
            .ReadAsync<Dictionary<string, string>>(HttpStatusCode.Created);

        Assert.Equal(["displayName", "email", "id"], member.Keys.Order());
        Assert.Equal((email, "Ann"), (member["email"], member["displayName"]));
        Assert.Equal('7', member["id"][14]);
        await _shop.Anonymous.PostAsync("/api/members", new { email = email.ToUpperInvariant(), password = Shop.Password, displayName = "Eve" })
            .ProblemAsync(409);
    }

    [Theory]
    [InlineData("no address", "correct horse", "Ann", "email")]
    [InlineData(null, "correct horse", "Ann", "email")]
    [InlineData("ann@example.com", "short", "Ann", "password")]
    [InlineData("ann@example.com", null, "Ann", "password")]
    [InlineData("ann@example.com", "correct horse", "", "displayName")]
    [InlineData("ann@example.com", "correct horse", null, "displayName")]
    public Task A_sign_up_with_a_wrong_field_names_it(string? email, string? password, string? displayName, string field) =>
        _shop.Anonymous.PostAsync("/api/members", new { email, password, displayName }).ProblemAsync(400, field);

    [Theory]
    [InlineData("", 400)]
    [InlineData("{", 400)]
    [InlineData("[]", 400)]
    [InlineData("null", 400)]
    [InlineData("{\"email\":5,\"password\":true,\"displayName\":{}}", 400)]
    public Task A_body_that_is_no_sign_up_is_400(string body, int status) =>
        _shop.Anonymous.PostAsync("/api/members", Answers.Text(body)).ProblemAsync(status);

    [Fact]
    public Task A_form_is_415() =>
        _shop.Anonymous.PostAsync("/api/members", Answers.Text("email=a", "application/x-www-form-urlencoded")).ProblemAsync(415);

    [Fact]
    public async Task Sign_in_answers_a_bearer_token_that_opens_the_own_profile()
    {
        var credentials = await _shop.SignUpAsync();

        var token = await _shop.SignInAsync(credentials.Email, credentials.Password);

        Assert.Equal("Bearer", token.TokenType);
        Assert.InRange(token.ExpiresIn, 60, 900);
        var me = await _shop.Bearer(token.AccessToken).GetAsync("/api/members/me").ReadAsync<JsonElement>();
        Assert.Equal(credentials.Id, me.GetProperty("id").GetString());
        Assert.Equal(credentials.Email, me.GetProperty("email").GetString());
    }

    [Fact]
    public async Task A_wrong_password_and_an_unknown_address_are_told_apart_by_nobody()
    {
        var credentials = await _shop.SignUpAsync();

        var wrong = await _shop.Anonymous.PostAsync("/api/members/token", new { credentials.Email, password = "wrong horse battery" }).ProblemAsync(401);
        var unknown = await _shop.Anonymous.PostAsync("/api/members/token", new { email = "nobody@example.com", password = "x" }).ProblemAsync(401);

        Assert.Equal(wrong.GetProperty("detail").GetString(), unknown.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task Guessing_a_password_is_429_soon()
    {
        var credentials = await _shop.SignUpAsync();
        await GuessAsync().ProblemAsync(401);
        // Who guesses so slowly that each pause is over, as on a slow machine, is given longer ones.
        await Eventually.Async(async () => await GuessAsync().ProblemAsync(429), _ => true, "the guesser to be slowed down");

        Task<HttpResponseMessage> GuessAsync() =>
            _shop.Anonymous.PostAsync("/api/members/token", new { credentials.Email, password = $"guess {Guid.NewGuid()}" });
    }

    [Fact]
    public async Task A_refresh_token_is_replaced_and_an_old_one_that_comes_back_ends_the_session()
    {
        var credentials = await _shop.SignUpAsync();
        var first = await _shop.SignInAsync(credentials.Email, credentials.Password);

        var second = await RefreshAsync(first).ReadAsync<TokenDoc>();
        var third = await RefreshAsync(second).ReadAsync<TokenDoc>();

        Assert.Equal(3, new[] { first, second, third }.Select(token => token.RefreshToken).Distinct().Count());
        await _shop.Bearer(third.AccessToken).GetAsync("/api/members/me").ExpectAsync(HttpStatusCode.OK);
        await RefreshAsync(first).ProblemAsync(401);
        await RefreshAsync(third).ProblemAsync(401);
        var again = await _shop.SignInAsync(credentials.Email, credentials.Password);
        await RefreshAsync(again).ExpectAsync(HttpStatusCode.OK);
        await RefreshAsync(again).ProblemAsync(401);
        await _shop.Anonymous.PostAsync("/api/members/token", new { refreshToken = "made-up" }).ProblemAsync(401);

        Task<HttpResponseMessage> RefreshAsync(TokenDoc token) => _shop.Anonymous.PostAsync("/api/members/token", new { token.RefreshToken });
    }

    [Fact]
    public async Task A_member_changes_name_and_locale()
    {
        var member = await _shop.NewMemberAsync();

        await member.SendAsync(HttpMethod.Patch, "/api/members/me", new { displayName = "Anna", locale = "de" }).ExpectAsync(HttpStatusCode.OK);

        var me = await member.GetAsync("/api/members/me").ReadAsync<JsonElement>();
        Assert.Equal(("Anna", "de"), (me.GetProperty("displayName").GetString(), me.GetProperty("locale").GetString()));
        await member.SendAsync(HttpMethod.Patch, "/api/members/me", new { locale = "no such locale" }).ProblemAsync(400, "locale");
    }

    [Fact]
    public async Task A_member_keeps_addresses()
    {
        var member = await _shop.NewMemberAsync();
        Assert.Empty((await member.GetAsync("/api/members/me/addresses").ReadAsync<Page<PostalAddress>>()).Items);

        await member.PutAsync("/api/members/me/addresses", new[] { Checkout.Address }).ExpectAsync(HttpStatusCode.OK);

        var kept = await member.GetAsync("/api/members/me/addresses").ReadAsync<Page<PostalAddress>>();
        Assert.Equal(Checkout.Address, Assert.Single(kept.Items));
        await member.PutAsync("/api/members/me/addresses", new[] { Checkout.Address with { Country = "Springfield" } }).ProblemAsync(400);
    }

    [Theory]
    [InlineData("GET", "/api/members/me")]
    [InlineData("PATCH", "/api/members/me")]
    [InlineData("GET", "/api/members/me/addresses")]
    [InlineData("PUT", "/api/members/me/addresses")]
    [InlineData("POST", "/api/basket/merge")]
    [InlineData("POST", "/api/orders")]
    [InlineData("GET", "/api/orders")]
    [InlineData("GET", "/api/orders/01890a5d-ac96-774b-bcce-b302099a8057")]
    [InlineData("GET", "/api/orders/01890a5d-ac96-774b-bcce-b302099a8057/history")]
    [InlineData("GET", "/api/orders/01890a5d-ac96-774b-bcce-b302099a8057/stream")]
    [InlineData("POST", "/api/orders/01890a5d-ac96-774b-bcce-b302099a8057/cancel")]
    [InlineData("POST", "/api/orders/01890a5d-ac96-774b-bcce-b302099a8057/reorder")]
    [InlineData("GET", "/api/payments/01890a5d-ac96-774b-bcce-b302099a8057")]
    [InlineData("GET", "/api/shipments/01890a5d-ac96-774b-bcce-b302099a8057")]
    [InlineData("GET", "/api/notifications")]
    [InlineData("POST", "/api/catalog/products")]
    [InlineData("PUT", "/api/catalog/products/kettle-01")]
    [InlineData("DELETE", "/api/catalog/products/kettle-01")]
    [InlineData("PUT", "/api/inventory/kettle-01")]
    [InlineData("POST", "/api/inventory/kettle-01/adjustments")]
    public async Task What_needs_a_token_is_401_without_one_and_with_a_forged_one(string method, string path)
    {
        object? body = method is "GET" or "DELETE" ? null : new { };
        await _shop.Anonymous.SendAsync(new HttpMethod(method), path, body).ProblemAsync(401);
        await _shop.Bearer("garbage").SendAsync(new HttpMethod(method), path, body).ProblemAsync(401);
    }

    [Fact]
    public async Task A_token_that_was_tampered_with_is_401()
    {
        var credentials = await _shop.SignUpAsync();
        var parts = (await _shop.SignInAsync(credentials.Email, credentials.Password)).AccessToken.Split('.');
        var claims = Encoding.UTF8.GetString(Base64(parts[1])).Replace("\"member\"", "\"staff\"", StringComparison.Ordinal);
        var promoted = Base64(Encoding.UTF8.GetBytes(claims));
        var unsigned = Base64(Encoding.UTF8.GetBytes("{\"alg\":\"none\",\"typ\":\"JWT\"}"));

        await _shop.Bearer($"{parts[0]}.{promoted}.{parts[2]}").GetAsync("/api/members/me").ProblemAsync(401);
        await _shop.Bearer($"{unsigned}.{promoted}.").GetAsync("/api/members/me").ProblemAsync(401);
        await _shop.Bearer($"{unsigned}.{parts[1]}.").GetAsync("/api/orders").ProblemAsync(401);
    }

    [Fact]
    public async Task The_public_keys_are_public_only()
    {
        var keys = await _shop.Anonymous.GetAsync("/.well-known/jwks.json").ReadAsync<JsonElement>();

        Assert.NotEmpty(keys.GetProperty("keys").EnumerateArray());
        Assert.All(keys.GetProperty("keys").EnumerateArray(), key =>
        {
            Assert.NotEmpty(key.GetProperty("kid").GetString()!);
            Assert.False(key.TryGetProperty("d", out _));
        });
    }

    private static byte[] Base64(string text) => System.Buffers.Text.Base64Url.DecodeFromChars(text);

    private static string Base64(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);
}
