using DaprShop.Contracts;

namespace DaprShop.Web.Api;

public sealed class MembersClient(Caller caller)
{
    public Task<Answer<ProfileView>> SignUpAsync(string email, string password, string displayName) =>
        caller.SendAsync<ProfileView>("members", HttpMethod.Post, "api/members", new { email, password, displayName });

    public Task<Answer<TokenPair>> TokenAsync(string email, string password) =>
        caller.SendAsync<TokenPair>("members", HttpMethod.Post, "api/members/token", new { email, password });

    /// <summary>Who holds this token; the visitor's cookie does not have it yet.</summary>
    public Task<Answer<ProfileView>> ProfileAsync(string accessToken) =>
        caller.SendAsync<ProfileView>("members", HttpMethod.Get, "api/members/me", accessToken: accessToken);

    public Task<Answer<Page<PostalAddress>>> AddressesAsync() =>
        caller.GetAsync<Page<PostalAddress>>("members", "api/members/me/addresses");

    /// <summary>Puts the address before those that are there; of those the oldest goes when there are too many.</summary>
    public async Task RememberAddressAsync(PostalAddress address)
    {
        if ((await AddressesAsync()).Value is not { } known) return;
        var items = known.Items.Where(other => other != address).Prepend(address).Take(known.PageSize);
        await caller.SendAsync<Page<PostalAddress>>("members", HttpMethod.Put, "api/members/me/addresses", new { items });
    }
}
