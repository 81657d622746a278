// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";

interface ILegacyEscrow {
    function pledges(uint256 id, address backer) external view returns (uint256);
}

/// @notice The second escrow. Campaigns come with their ether; the backers are then read over one by one.
contract EscrowV2 {
    using Address for address payable;

    struct Campaign {
        address creator;
        uint256 goal;
        uint64 deadline;
        uint256 total;
        bool paid;
    }

    event CampaignReceived(uint256 indexed id, address indexed creator, uint256 amount);
    event PledgeImported(uint256 indexed id, address indexed backer, uint256 amount);
    event Pledged(uint256 indexed id, address indexed backer, uint256 amount);
    event PledgeWithdrawn(uint256 indexed id, address indexed backer, uint256 amount);
    event Paid(uint256 indexed id, uint256 amount);

    error NotTheLegacyEscrow();
    error NotActive(uint256 id);
    error Succeeded(uint256 id);
    error NotYours(uint256 id);

    ILegacyEscrow public immutable LEGACY;
    mapping(uint256 id => Campaign) public campaigns;
    mapping(uint256 id => mapping(address backer => uint256)) public pledges;
    mapping(uint256 id => mapping(address backer => bool)) public imported;

    constructor(ILegacyEscrow legacy) {
        LEGACY = legacy;
    }

    modifier active(uint256 id) {
        require(campaigns[id].creator != address(0) && !campaigns[id].paid, NotActive(id));
        _;
    }

    function receiveCampaign(uint256 id, address creator, uint256 goal, uint64 deadline) external payable {
        require(msg.sender == address(LEGACY), NotTheLegacyEscrow());
        campaigns[id] = Campaign(creator, goal, deadline, msg.value, false);
        emit CampaignReceived(id, creator, msg.value);
    }

    /// @notice Reads a backer's pledge over from the legacy escrow, once. Anyone may.
    function importPledge(uint256 id, address backer) external {
        if (imported[id][backer]) return;
        uint256 amount = LEGACY.pledges(id, backer);
        if (amount == 0) return;
        imported[id][backer] = true;
        pledges[id][backer] += amount;
        emit PledgeImported(id, backer, amount);
    }

    function pledge(uint256 id) external payable active(id) {
        campaigns[id].total += msg.value;
        pledges[id][msg.sender] += msg.value;
        emit Pledged(id, msg.sender, msg.value);
    }

    function withdrawPledge(uint256 id) external active(id) {
        Campaign storage campaign = campaigns[id];
        require(block.timestamp < campaign.deadline || campaign.total < campaign.goal, Succeeded(id));
        uint256 amount = pledges[id][msg.sender];
        pledges[id][msg.sender] = 0;
        campaign.total -= amount;
        payable(msg.sender).sendValue(amount);
        emit PledgeWithdrawn(id, msg.sender, amount);
    }

    function collect(uint256 id) external active(id) {
        Campaign storage campaign = campaigns[id];
        require(msg.sender == campaign.creator, NotYours(id));
        require(block.timestamp >= campaign.deadline && campaign.total >= campaign.goal, NotActive(id));
        campaign.paid = true;
        payable(msg.sender).sendValue(campaign.total);
        emit Paid(id, campaign.total);
    }
}
